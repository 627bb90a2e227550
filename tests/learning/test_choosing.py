from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.phantoms import card, rectangle
from TumorApp.imaging.card import ModelCard
from TumorApp.learning.candidates import Case, Tally
from TumorApp.learning.choosing import choose, liver_worth, tumour_worth

GRID = (32, 32)
LIVER = rectangle(GRID, 4, 4, 24, 24)
LESION, DOUBTFUL = rectangle(GRID, 8, 8, 6, 6), rectangle(GRID, 18, 18, 6, 6)


def case(person: str, group: int, *, tumour: bool, sure: int = 240, doubt: int = 150) -> Case:
    """A slice on which a region is rightly or wrongly suspected; tumours have a sure core and a doubtful border."""
    values = np.zeros(GRID, np.uint8)
    if tumour:
        values[LESION] = doubt
        values[rectangle(GRID, 9, 9, 4, 4)] = sure
    values[DOUBTFUL] = doubt
    answer = np.stack([LIVER.astype(np.uint8) * np.uint8(200), values])
    return Case(person, group, answer, LIVER, LESION & tumour)


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return [
        case(f"person{person}", person % 4, tumour=slice_number < 3) for person in range(8) for slice_number in range(6)
    ]


def tally(both: list[int], predicted: list[int]) -> Tally:
    """One rule on three slices: two of a person with 100 true pixels each, a clean one of another."""
    return Tally(
        np.array([both]),
        np.array([predicted]),
        np.array([100, 100, 0]),
        np.array(["a", "a", "b"]),
        np.array([0, 0, 1]),
        np.array([False, False, True]),
    )


def test_worth_by_hand() -> None:
    assert tumour_worth(tally([100, 0, 0], [100, 0, 0])) == pytest.approx(2 / 3 + 2 / 3)  # b has no Dice
    marked = tumour_worth(tally([100, 100, 0], [100, 100, 50]))
    assert marked == pytest.approx((1 + 0) / 2 + 400 / 450 - 2 * 0.9)
    assert tumour_worth(tally([0, 0, 0], [0, 0, 0])) == 0
    assert liver_worth(tally([100, 50, 0], [100, 50, 0])) == pytest.approx((1 + 100 / 150) / 2 + 300 / 350)


@pytest.fixture(scope="module")
def choice(cases: list[Case]) -> tuple[ModelCard, dict[str, Any]]:
    given = card(input_size=32, scores={"of": "other rules"}, choices_made=("An earlier look.",))
    return choose(cases, given)


def test_the_choice_keeps_outlines_and_drops_false_findings(choice: tuple[ModelCard, dict[str, Any]]) -> None:
    chosen, report = choice
    assert chosen.thresholds["tumour"] <= 150 / 255 < chosen.lesion_peak <= 240 / 255
    for figures in (report["figures_of_the_choice"], report["figures_cross_fitted"]):
        assert figures["tumour"] == {"dice_pooled": 1, "dice_by_person": 1}
        assert figures["liver"] == {"dice_pooled": 1, "dice_by_slice": 1}
        assert (figures["tumour_slices"], figures["tumour_slices_marked"]) == (24, 24)
        assert (figures["clean_liver_slices"], figures["clean_liver_slices_marked"]) == (24, 0)
    assert chosen.scores == {}
    assert chosen.choices_made[0] == "An earlier look."
    assert "48 slices of 8 people" in chosen.choices_made[1]
    assert chosen.training["choice"] == {name: value for name, value in report.items() if name != "calibration"}


def test_slices_are_calibrated_and_lesions_that_are_never_wrong_cannot_be(
    choice: tuple[ModelCard, dict[str, Any]],
) -> None:
    chosen, _ = choice
    assert set(chosen.calibration) == {"slice"}
    assert (chosen.calibration["slice"]["answers"], chosen.calibration["slice"]["right"]) == (48, 24)


def test_a_group_has_no_say_in_the_choice_that_is_checked_on_it(
    cases: list[Case], choice: tuple[ModelCard, dict[str, Any]]
) -> None:
    """The people of group 3 get tumours that look like the others' false findings, and sure false findings."""
    turned = [
        replace(one, tumour=DOUBTFUL if one.tumour.any() else one.tumour) if one.group == 3 else one for one in cases
    ]
    honest, other = choice[1], choose(turned, card(input_size=32))[1]
    assert other["chosen_without_group"]["3"] == honest["chosen_without_group"]["3"]
    assert other["figures_cross_fitted"]["tumour"]["dice_pooled"] < 0.8
    assert other["figures_cross_fitted"]["worth"] <= other["figures_of_the_choice"]["worth"]
