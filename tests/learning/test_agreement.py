from __future__ import annotations

import math
import statistics

import pytest

from tests.learning.scored import labels, scored
from TumorApp.learning.agreement import DISTANCES, FIGURES, agreement, deviation

HALF = scored(labels((0, 0, 4, 4)), labels((0, 0, 4, 2)), "a")  # 16 for 8: Dice 16/24, IoU 1/2
WHOLE = scored(labels((0, 0, 4, 1)), labels((0, 0, 4, 1)), "a")  # 4 for 4
MISSED = scored(labels(), labels((0, 0, 5, 4)), "b")  # none for 20
CLEAR = scored(labels(), labels(), "b")


def test_pooled_by_person_and_by_slice_by_hand() -> None:
    values = agreement([HALF, WHOLE, MISSED, CLEAR], "liver")
    assert (values["slices"], values["people"]) == (4, 2)
    # pooled: 12 shared, 20 predicted, 32 true; person a: 12, 20, 12; person b: nothing of 20.
    assert values["dice_pooled"] == round(24 / 52, 4)
    assert values["dice_by_person"] == round((24 / 32 + 0) / 2, 4)
    assert values["dice_by_slice"] == round((16 / 24 + 1 + 0) / 3, 4)
    assert values["iou_pooled"] == round(12 / 40, 4)
    assert values["iou_by_person"] == round((12 / 20 + 0) / 2, 4)
    assert values["iou_by_slice"] == 0.5
    assert values["volumetric_overlap_error_pooled"] == round(1 - 12 / 40, 4)
    assert values["volumetric_overlap_error_by_slice"] == 0.5
    assert (values["precision_pooled"], values["recall_pooled"]) == (12 / 20, 12 / 32)
    assert values["precision_by_slice"] == (0.5 + 1) / 2
    assert values["recall_by_slice"] == round((1 + 1 + 0) / 3, 4)
    assert values["relative_volume_difference_pooled"] == (20 - 32) / 32
    assert values["relative_volume_difference_by_slice"] == 0  # twice as much, as much, nothing: (1 + 0 - 1) / 3
    assert values["pixel_accuracy_pooled"] == (1600 - 28) / 1600  # 8 too many, 20 too few
    assert values["pixel_accuracy_by_slice"] == round((392 / 400 + 1 + 380 / 400) / 3, 4)
    assert values["person_dice"] == {"a": 0.75, "b": 0}
    assert values["dice_by_person_deviation"] == round(statistics.stdev([0.75, 0]), 4)


def test_empty_slices_are_counted_apart() -> None:
    added = scored(labels((0, 0, 2, 2)), labels(), "b")
    values = agreement([HALF, MISSED, CLEAR, CLEAR, added], "liver")
    assert values["both_empty_slices"] == 2
    assert values["only_true_slices"] == values["only_predicted_slices"] == 1


def test_without_anything_to_agree_about_there_are_no_figures() -> None:
    values = agreement([CLEAR], "liver")
    assert {values[f"{figure}_{level}"] for figure in FIGURES for level in ("pooled", "by_person", "by_slice")} == {
        None
    }
    assert values["person_dice"] == {"b": None}
    assert set(values["intervals"].values()) == {None}


def test_partial_labels_stay_out() -> None:
    unlabelled = scored(labels((0, 0, 9, 9), (1, 1, 8, 8)), labels((0, 0, 9, 9)), "c", covers="liver")
    values = agreement([WHOLE, unlabelled], "tumour")
    assert (values["slices"], values["people"]) == (1, 1)
    assert values["dice_pooled"] is None


def test_intervals_enclose_their_figures_and_go_by_person() -> None:
    values = agreement([HALF, WHOLE, MISSED, CLEAR], "liver")
    for figure in ("dice_pooled", "dice_by_person", "dice_by_slice"):
        low, high = values["intervals"][figure]
        assert low <= values[figure] <= high
    # Two people: some draws hold only the first, some only the second.
    assert values["intervals"]["dice_by_person"] == [0, 0.75]
    assert agreement([HALF, WHOLE], "liver")["intervals"]["dice_pooled"] is None


def test_distances_only_where_spacing_is_known_and_both_have_an_outline() -> None:
    # One pixel each, two columns of 1.5 mm apart; then three rows of 1 mm apart.
    across = scored(labels((2, 2, 1, 1)), labels((4, 2, 1, 1)), "a", spacing_mm=(1.0, 1.5))
    down = scored(labels((2, 2, 1, 1)), labels((2, 5, 1, 1)), "a", spacing_mm=(1.0, 1.5))
    other = scored(labels((2, 2, 1, 1)), labels((2, 2, 1, 1)), "b", spacing_mm=(1.0, 1.5))
    missed = scored(labels(), labels((2, 5, 1, 1)), "b", spacing_mm=(1.0, 1.5))
    clear = scored(labels(), labels(), "b", spacing_mm=(1.0, 1.5))
    surface = agreement([across, down, other, missed, clear, HALF], "liver")["surface"]
    assert surface["measured_slices"] == 3
    assert surface["one_empty_slices"] == 1
    assert surface["without_spacing_slices"] == 1
    assert surface["average_symmetric_mm_by_slice"] == 2
    assert surface["average_symmetric_mm_pooled"] == 2
    assert surface["average_symmetric_mm_by_person"] == 1.5  # 3 and 0
    assert surface["hausdorff_mm_pooled"] == surface["hausdorff_95_mm_by_person"] * 2 == 3


def test_without_spacing_there_are_no_millimetres() -> None:
    surface = agreement([HALF, WHOLE], "liver")["surface"]
    assert surface["without_spacing_slices"] == 2
    assert {surface[f"{figure}_pooled"] for figure in DISTANCES} == {None}


def test_the_deviation_is_that_of_a_sample() -> None:
    assert deviation([1, 3, math.nan]) == pytest.approx(math.sqrt(2))
    assert math.isnan(deviation([1, math.nan]))
