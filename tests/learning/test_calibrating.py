from __future__ import annotations

import numpy as np
import pytest

from TumorApp.imaging.confidence import chances
from TumorApp.learning.calibrating import FEWEST, Answers, calibrate, fit, join


def answers(stated: list[float], right: list[bool], people: str | list[str] = "a", group: int = 0) -> Answers:
    whose = np.array([people] * len(stated) if isinstance(people, str) else people)
    return Answers(np.array(stated), np.array(right, bool), whose, np.full(len(stated), group))


def drawn(slope: float, intercept: float, count: int = 4000, seed: int = 0) -> Answers:
    """Answers that are right as often as a Platt curve says, of four people in four groups."""
    rng = np.random.default_rng(seed)
    stated = rng.uniform(0.02, 0.98, count)
    odds = (stated / (1 - stated)) ** slope * np.exp(intercept)
    groups = np.arange(count) % 4
    return Answers(stated, rng.uniform(size=count) < odds / (1 + odds), np.array([f"p{g}" for g in groups]), groups)


def test_platt_finds_the_curve_that_answers_were_drawn_from() -> None:
    found = fit("platt", drawn(0.5, -0.7))
    assert found["slope"] == pytest.approx(0.5, abs=0.08)
    assert found["intercept"] == pytest.approx(-0.7, abs=0.1)


def test_temperature_has_no_intercept() -> None:
    found = fit("temperature", drawn(0.4, 0.0))
    assert found["intercept"] == 0
    assert found["slope"] == pytest.approx(0.4, abs=0.06)


def test_a_slope_is_never_negative() -> None:
    """Answers that are the likelier wrong the surer they were would turn the order of lesions round."""
    assert fit("platt", drawn(-1.0, 0.0))["slope"] == pytest.approx(0, abs=1e-6)


def test_isotonic_by_hand() -> None:
    found = fit("isotonic", answers([0.1, 0.2, 0.3, 0.4], [True, False, True, True]))
    assert found["at"] == [0.1, 0.2, 0.3, 0.4]
    assert found["chance"] == [0.5, 0.5, 1, 1]
    assert (found["lowest"], found["highest"]) == (pytest.approx(1 / 3), pytest.approx(4 / 5))
    np.testing.assert_allclose(chances(np.array([0.15, 0.4]), found), [0.5, 0.8])


def test_people_weigh_alike() -> None:
    """One person with thirty wrong answers weighs as much as one with two right ones of the same probability."""
    given = answers([0.8] * 32, [False] * 30 + [True] * 2, ["a"] * 30 + ["b"] * 2)
    for kind in ("platt", "isotonic"):
        assert chances(np.array([0.8]), fit(kind, given))[0] == pytest.approx(0.5, abs=0.15)


def test_calibration_brings_the_error_down() -> None:
    given = drawn(0.3, -1.0)
    entry = calibrate(given, dict.fromkeys(range(4), given))
    error = entry["expected_calibration_error"]
    assert error["before"] > 0.15
    assert error["after"] < 0.05
    assert error["after"] == min(error["by_kind"].values())
    assert (entry["answers"], entry["right"], entry["people"]) == (4000, int(given.right.sum()), 4)
    assert sum(one["count"] for one in entry["bins"]) == sum(one["count"] for one in entry["bins_before"]) == 4000


def test_the_error_is_measured_on_groups_that_were_not_fitted_on() -> None:
    """Two groups of opposite luck: together half of the answers are right, and neither foretells the other."""
    lucky = answers([0.8] * 100, [True] * 90 + [False] * 10, "a", 0)
    unlucky = answers([0.8] * 100, [True] * 10 + [False] * 90, "b", 1)
    both = join([lucky, unlucky])
    entry = calibrate(both, {0: both, 1: both})
    assert min(entry["expected_calibration_error"]["by_kind"].values()) > 0.5
    assert chances(np.array([0.8]), entry)[0] == pytest.approx(0.5, abs=0.02)


def test_too_few_answers_give_no_calibration() -> None:
    few = answers([0.8] * 50, [True] * (FEWEST - 1) + [False] * (51 - FEWEST), group=1)
    assert calibrate(few, {0: few}) is None
    enough = answers([0.8] * 50, [True] * FEWEST + [False] * (50 - FEWEST), group=1)
    assert calibrate(enough, {1: enough}) is None  # without that group nothing is left
