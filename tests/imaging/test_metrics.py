from __future__ import annotations

import math

import numpy as np
import pytest

from TumorApp.imaging.metrics import NOTHING, Overlap, mean_defined, overlap, pooled

# predicted and true 2×2 masks: one pixel shared, one only predicted, one only true, one neither.
PREDICTED = np.array([[True, True], [False, False]])
TRUE = np.array([[True, False], [True, False]])
EMPTY = np.zeros((2, 2), bool)

ALL = (
    "dice",
    "iou",
    "precision",
    "recall",
    "pixel_accuracy",
    "volumetric_overlap_error",
    "relative_volume_difference",
)


def test_two_by_two_by_hand() -> None:
    counted = overlap(PREDICTED, TRUE)
    assert counted == Overlap(both=1, predicted=2, true=2, pixels=4)
    assert counted.union == 3
    assert counted.dice == 0.5
    assert counted.iou == pytest.approx(1 / 3)
    assert counted.precision == 0.5
    assert counted.recall == 0.5
    assert counted.pixel_accuracy == 0.5  # the shared pixel and the one in neither
    assert counted.volumetric_overlap_error == pytest.approx(2 / 3)
    assert counted.relative_volume_difference == 0


def test_the_volume_difference_has_a_sign() -> None:
    full = np.ones((2, 2), bool)
    assert overlap(full, TRUE).relative_volume_difference == 1  # 4 pixels for 2: as much again
    assert overlap(TRUE, full).relative_volume_difference == -0.5
    assert overlap(EMPTY, TRUE).relative_volume_difference == -1


def test_precision_and_recall_are_not_mixed_up() -> None:
    counted = Overlap(both=3, predicted=4, true=12, pixels=100)
    assert (counted.precision, counted.recall) == (0.75, 0.25)
    assert counted.pixel_accuracy == (100 - 13 + 3) / 100


def test_two_empty_masks_are_nan_and_not_one() -> None:
    counted = overlap(EMPTY, EMPTY)
    assert counted.both_empty
    assert [name for name in ALL if not math.isnan(getattr(counted, name))] == []


def test_one_empty_mask_is_zero() -> None:
    assert overlap(EMPTY, TRUE).dice == overlap(EMPTY, TRUE).iou == 0
    assert overlap(PREDICTED, EMPTY).dice == 0
    assert overlap(PREDICTED, EMPTY).volumetric_overlap_error == 1
    assert overlap(PREDICTED, EMPTY).pixel_accuracy == 0.5
    assert math.isnan(overlap(EMPTY, TRUE).precision)
    assert math.isnan(overlap(PREDICTED, EMPTY).recall)
    assert math.isnan(overlap(PREDICTED, EMPTY).relative_volume_difference)


def test_pooling_adds_pixels_and_not_scores() -> None:
    whole = pooled([Overlap(1, 1, 1, 4), Overlap(0, 3, 1, 4)])
    assert whole == Overlap(both=1, predicted=4, true=2, pixels=8)
    assert whole.dice == pytest.approx(2 / 6)
    assert pooled([]) == NOTHING


def test_the_mean_leaves_out_what_does_not_exist() -> None:
    assert mean_defined([0.5, math.nan, 1.0]) == 0.75
    assert math.isnan(mean_defined([math.nan]))


def test_masks_on_different_grids_are_an_error() -> None:
    with pytest.raises(ValueError, match="grids"):
        overlap(EMPTY, np.zeros((3, 3), bool))
