from __future__ import annotations

import math

import numpy as np
import pytest

from TumorApp.imaging.metrics import NOTHING, Overlap, mean_defined, overlap, pooled

# predicted and true 2×2 masks: one pixel shared, one only predicted, one only true, one neither.
PREDICTED = np.array([[True, True], [False, False]])
TRUE = np.array([[True, False], [True, False]])
EMPTY = np.zeros((2, 2), bool)


def test_two_by_two_by_hand() -> None:
    counted = overlap(PREDICTED, TRUE)
    assert counted == Overlap(both=1, predicted=2, true=2)
    assert counted.dice == 0.5
    assert counted.iou == pytest.approx(1 / 3)
    assert counted.precision == 0.5
    assert counted.recall == 0.5


def test_two_empty_masks_are_nan_and_not_one() -> None:
    counted = overlap(EMPTY, EMPTY)
    assert all(math.isnan(value) for value in (counted.dice, counted.iou, counted.precision, counted.recall))


def test_one_empty_mask_is_zero() -> None:
    assert overlap(EMPTY, TRUE).dice == 0
    assert overlap(PREDICTED, EMPTY).dice == 0
    assert math.isnan(overlap(EMPTY, TRUE).precision)
    assert math.isnan(overlap(PREDICTED, EMPTY).recall)


def test_pooling_adds_pixels_and_not_scores() -> None:
    assert pooled([Overlap(1, 1, 1), Overlap(0, 3, 1)]).dice == pytest.approx(2 / 6)
    assert pooled([]) == NOTHING


def test_the_mean_leaves_out_what_does_not_exist() -> None:
    assert mean_defined([0.5, math.nan, 1.0]) == 0.75
    assert math.isnan(mean_defined([math.nan]))


def test_masks_on_different_grids_are_an_error() -> None:
    with pytest.raises(ValueError, match="grids"):
        overlap(EMPTY, np.zeros((3, 3), bool))
