from __future__ import annotations

import math

import pytest

from TumorApp.imaging.reliability import expected_calibration_error, reliability


def test_answers_are_sorted_by_confidence() -> None:
    bins = reliability([0.0, 0.05, 0.1, 0.95, 1.0], [False, True, True, True, True])
    assert [one.count for one in bins] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert (bins[0].low, bins[0].high) == (0, 0.1)
    assert bins[0].mean_confidence == pytest.approx(0.025)
    assert bins[0].share_right == 0.5
    assert bins[9].mean_confidence == pytest.approx(0.975)
    assert math.isnan(bins[5].share_right)


def test_the_error_by_hand() -> None:
    # Four at 0.75 of which half are right: off by 0.25. One at 0.15 that is wrong: off by 0.15.
    bins = reliability([0.75] * 4 + [0.15], [True, True, False, False, False])
    assert expected_calibration_error(bins) == pytest.approx((4 * 0.25 + 1 * 0.15) / 5)


def test_confidences_that_come_true_have_no_error() -> None:
    assert expected_calibration_error(reliability([0.75] * 4, [True, True, True, False])) == 0
    assert expected_calibration_error(reliability([1.0, 0.0], [True, False])) == 0


def test_too_sure_and_too_modest_do_not_cancel_out() -> None:
    bins = reliability([0.9] * 2 + [0.1] * 2, [True, False, True, False])
    assert expected_calibration_error(bins) == pytest.approx(0.4)


def test_without_answers_there_is_no_error() -> None:
    assert math.isnan(expected_calibration_error(reliability([], [])))


def test_confidences_and_answers_must_be_as_many() -> None:
    with pytest.raises(ValueError, match="1 confidences for 2"):
        reliability([0.5], [True, False])
