from __future__ import annotations

import math

import numpy as np
import pytest

from tests.phantoms import card
from TumorApp.imaging.confidence import (
    SURE_FROM,
    UNSURE_BELOW,
    UNSURE_FROM,
    calibrated,
    chances,
    lesion_sureness,
    sureness_of,
    verdict_sureness,
)

WIDE = {"lowest": 0.0, "highest": 1.0}
PLATT = {"kind": "platt", "slope": 2.0, "intercept": -1.0, **WIDE}
ISOTONIC = {"kind": "isotonic", "at": [0.2, 0.6], "chance": [0.1, 0.5], **WIDE}


def test_without_a_measurement_there_is_no_chance() -> None:
    assert calibrated(0.9, "lesion", card()) is None
    assert calibrated(0.9, "slice", card(calibration={"lesion": PLATT})) is None


def test_platt_by_hand() -> None:
    odds = (0.8 / 0.2) ** 2 * math.exp(-1)  # slope and intercept act on the logarithm of the odds
    assert calibrated(0.8, "lesion", card(calibration={"lesion": PLATT})) == pytest.approx(odds / (1 + odds))


def test_isotonic_by_hand() -> None:
    np.testing.assert_allclose(chances(np.array([0.0, 0.2, 0.4, 0.6, 1.0]), ISOTONIC), [0.1, 0.1, 0.3, 0.5, 0.5])


def test_the_ends_are_finite_and_no_chance_is_more_certain_than_measured() -> None:
    np.testing.assert_allclose(chances(np.array([0.0, 1.0]), {**PLATT, "lowest": 0.05, "highest": 0.9}), [0.05, 0.9])
    assert 0 < chances(np.array([0.0]), PLATT)[0] < chances(np.array([1.0]), PLATT)[0] < 1


def test_grades_begin_where_they_are_documented_to() -> None:
    assert [sureness_of(chance) for chance in (SURE_FROM, SURE_FROM - 0.01, UNSURE_FROM, UNSURE_FROM - 0.01)] == [
        "sure",
        "unsure",
        "unsure",
        "very unsure",
    ]


def test_a_lesion_whose_chance_was_never_measured_is_never_called_sure() -> None:
    assert lesion_sureness(0.99, measured=False) is None
    assert lesion_sureness(UNSURE_BELOW - 0.01, measured=False) == "unsure"
    assert lesion_sureness(0.99, measured=True) == "sure"
    assert lesion_sureness(0.3, measured=True) == "very unsure"


def test_the_verdict_is_graded_by_the_chance_that_it_is_right() -> None:
    assert verdict_sureness(0.9, detected=True) == "sure"
    assert verdict_sureness(0.9, detected=False) == "very unsure"
    assert verdict_sureness(0.1, detected=False) == "sure"
    assert verdict_sureness(0.3, detected=False) == "unsure"
    assert verdict_sureness(None, detected=True) is None
