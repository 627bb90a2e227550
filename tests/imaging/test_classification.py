from __future__ import annotations

import math

import pytest

from TumorApp.imaging.classification import Confusion, area_under_curve, confusion


def test_every_answer_is_in_one_cell() -> None:
    answers = [True, True, True, False, False, False, False]
    truths = [True, True, False, True, False, False, False]
    counts = confusion(answers, truths)
    assert counts == Confusion(true_positive=2, false_negative=1, true_negative=3, false_positive=1)
    assert counts.accuracy == 5 / 7
    assert counts.sensitivity == 2 / 3
    assert counts.specificity == 3 / 4


def test_counts_add_up() -> None:
    assert Confusion(1, 2, 3, 4) + Confusion(1, 0, 0, 1) == Confusion(2, 2, 3, 5)


def test_what_does_not_exist_is_nan() -> None:
    assert math.isnan(Confusion().accuracy)
    assert math.isnan(Confusion(true_negative=3).sensitivity)
    assert math.isnan(Confusion(true_positive=3).specificity)


def test_area_under_the_curve_by_hand() -> None:
    # Pairs of true (0.9, 0.4) and untrue (0.5, 0.4, 0.1): 0.9 wins 3 of 3; 0.4 wins one, ties one, loses one.
    scores, truths = [0.5, 0.9, 0.4, 0.4, 0.1], [False, True, False, True, False]
    assert area_under_curve(scores, truths) == pytest.approx((3 + 1.5) / 6)


def test_area_of_scores_that_know_all_nothing_or_the_contrary() -> None:
    truths = [True, True, False, False]
    assert area_under_curve([0.9, 0.8, 0.2, 0.1], truths) == 1
    assert area_under_curve([0.5, 0.5, 0.5, 0.5], truths) == 0.5
    assert area_under_curve([0.1, 0.2, 0.8, 0.9], truths) == 0


def test_without_both_kinds_there_is_no_curve() -> None:
    assert math.isnan(area_under_curve([0.3], [True]))
    assert math.isnan(area_under_curve([0.3], [False]))
    assert math.isnan(area_under_curve([], []))


def test_answers_and_truths_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="shorter"):
        confusion([True], [])
    with pytest.raises(ValueError, match="shorter"):
        area_under_curve([0.3, 0.4], [True])
