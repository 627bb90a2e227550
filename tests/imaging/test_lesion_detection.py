from __future__ import annotations

import math

import numpy as np
import pytest

from tests.phantoms import rectangle
from TumorApp.imaging.lesion_detection import (
    LesionCounts,
    Pairing,
    count_pairs,
    equivalent_diameter,
    lesion_overlaps,
    pair_lesions,
)
from TumorApp.imaging.measurement import measure_lesions
from TumorApp.imaging.records import TUMOUR

SHAPE = (30, 40)
EMPTY = np.zeros(SHAPE, bool)


def counts(predicted: np.ndarray, true: np.ndarray, iou_above: float) -> LesionCounts:
    return count_pairs(pair_lesions(lesion_overlaps(predicted, true), iou_above))


def test_overlaps_by_hand() -> None:
    true = rectangle(SHAPE, 2, 2, 4, 4)  # 16 pixels
    predicted = rectangle(SHAPE, 4, 2, 4, 4) | rectangle(SHAPE, 20, 20, 5, 5)  # half beside it, and 25 elsewhere
    found = lesion_overlaps(predicted, true)
    assert found.predicted_px.tolist() == [25, 16]
    assert found.true_px.tolist() == [16]
    assert found.both_px.tolist() == [[0], [8]]
    assert found.iou.tolist() == [[0], [8 / 24]]
    assert found.touching.tolist() == [False, True]


def test_regions_that_touch_at_a_corner_are_one() -> None:
    corner = rectangle(SHAPE, 2, 2, 2, 2) | rectangle(SHAPE, 4, 4, 2, 2)
    assert lesion_overlaps(corner, EMPTY).predicted_px.tolist() == [8]


def test_lesions_come_in_the_order_of_an_analysis() -> None:
    """Confidences are matched to regions by their place in the list, equal sizes included."""
    tumour = (
        rectangle(SHAPE, 30, 1, 3, 2)
        | rectangle(SHAPE, 1, 5, 2, 3)
        | rectangle(SHAPE, 10, 10, 6, 6)
        | rectangle(SHAPE, 1, 20, 6, 1)
    )
    true = rectangle(SHAPE, 1, 5, 2, 3) | rectangle(SHAPE, 1, 20, 6, 1)
    listed = measure_lesions(np.where(tumour, TUMOUR, 0).astype(np.uint8), np.ones(SHAPE, np.float32))
    touches = [bool((true & rectangle(SHAPE, *lesion.box)).any()) for lesion in listed]
    found = lesion_overlaps(tumour, true)
    assert found.predicted_px.tolist() == [lesion.area_px for lesion in listed] == [36, 6, 6, 6]
    assert found.touching.tolist() == touches == [False, False, True, True]


def test_half_an_overlap_is_not_more_than_half() -> None:
    true, predicted = rectangle(SHAPE, 0, 0, 4, 1), rectangle(SHAPE, 0, 0, 2, 1)
    assert counts(predicted, true, 0.5) == LesionCounts(found=0, missed=1, false_findings=1)
    assert counts(predicted, true, 0.0) == LesionCounts(found=1)
    assert counts(rectangle(SHAPE, 0, 0, 3, 1), true, 0.5) == LesionCounts(found=1)


def test_a_slice_without_tumour_is_scored() -> None:
    """First defect of the published LiTS scorer: it fails on a tumour-free case."""
    nothing = counts(EMPTY, EMPTY, 0.5)
    assert nothing == LesionCounts()
    assert all(math.isnan(value) for value in (nothing.precision, nothing.recall, nothing.f1))

    false_alarm = counts(rectangle(SHAPE, 3, 3, 4, 4) | rectangle(SHAPE, 20, 3, 2, 2), EMPTY, 0.5)
    assert false_alarm == LesionCounts(false_findings=2)
    assert (false_alarm.precision, false_alarm.f1) == (0, 0)
    assert math.isnan(false_alarm.recall)

    missed = counts(EMPTY, rectangle(SHAPE, 3, 3, 4, 4), 0.0)
    assert missed == LesionCounts(missed=1)
    assert math.isnan(missed.precision)
    assert (missed.recall, missed.f1) == (0, 0)


@pytest.mark.parametrize("unrelated", [EMPTY, rectangle(SHAPE, 1, 1, 3, 3), rectangle(SHAPE, 30, 25, 3, 3)])
def test_an_unrelated_false_finding_does_not_help(unrelated: np.ndarray) -> None:
    """Second defect of the published LiTS scorer.

    A true lesion of 4×4 lies in a prediction of 12×12: intersection over union 16/144. A false finding that is numbered
    before that prediction (here the one at the upper left) makes the published scorer compare with the wrong region,
    divide by the true lesion alone, and count it as found.
    """
    true, coarse = rectangle(SHAPE, 14, 14, 4, 4), rectangle(SHAPE, 10, 10, 12, 12)
    found = counts(coarse | unrelated, true, 0.5)
    assert (found.found, found.missed) == (0, 1)
    assert found.recall == 0
    assert found.false_findings == 1 + bool(unrelated.any())


def test_pairs_are_one_to_one() -> None:
    two = rectangle(SHAPE, 2, 2, 4, 4) | rectangle(SHAPE, 10, 2, 4, 4)
    across = rectangle(SHAPE, 2, 2, 12, 4)
    assert counts(across, two, 0.0) == LesionCounts(found=1, missed=1)
    assert counts(two, across, 0.0) == LesionCounts(found=1, false_findings=1)


def test_of_two_regions_on_one_lesion_the_better_one_is_its_partner() -> None:
    true = rectangle(SHAPE, 2, 2, 12, 4)
    predicted = rectangle(SHAPE, 2, 2, 3, 4) | rectangle(SHAPE, 8, 2, 6, 4)
    overlaps = lesion_overlaps(predicted, true)
    assert overlaps.predicted_px.tolist() == [24, 12]
    assert pair_lesions(overlaps, 0.0) == Pairing(confirmed=(True, False), found=(True,))


def test_as_many_pairs_as_possible_are_made() -> None:
    # P covers most of A and a bit of B; Q only touches A. P-A alone has the largest overlap, P-B and Q-A find both.
    lesion_a, lesion_b = rectangle(SHAPE, 2, 2, 8, 4), rectangle(SHAPE, 12, 2, 2, 4)
    region_p, region_q = rectangle(SHAPE, 4, 2, 9, 4), rectangle(SHAPE, 2, 2, 1, 8)
    overlaps = lesion_overlaps(region_p | region_q, lesion_a | lesion_b)
    assert overlaps.both_px.tolist() == [[24, 4], [4, 0]]
    assert pair_lesions(overlaps, 0.0) == Pairing(confirmed=(True, True), found=(True, True))


def test_counts_add_up() -> None:
    whole = LesionCounts(found=1, missed=2) + LesionCounts(found=2, false_findings=1)
    assert whole == LesionCounts(found=3, missed=2, false_findings=1)
    assert whole.precision == 3 / 4
    assert whole.recall == 3 / 5
    assert whole.f1 == 6 / 9


def test_equivalent_diameter_of_a_disc() -> None:
    assert equivalent_diameter(math.pi * 6**2) == pytest.approx(12)


def test_masks_on_different_grids_are_an_error() -> None:
    with pytest.raises(ValueError, match="grids"):
        lesion_overlaps(EMPTY, np.zeros((3, 3), bool))
