from __future__ import annotations

import math

from tests.learning.scored import labels, scored
from TumorApp.learning.scoring import ScoredSlice
from TumorApp.learning.tumour_scores import (
    calibration,
    clean_liver,
    lesion_scores,
    slice_counts,
    slice_level,
    tumour_burden,
)

LIVER = (0, 0, 20, 10)
TUMOUR = (2, 2, 4, 4)
ELSEWHERE = (12, 2, 4, 4)

WITH, WITHOUT = labels(LIVER, TUMOUR), labels(LIVER)


def found(person: str = "a", score: float = 0.9) -> ScoredSlice:
    return scored(WITH, WITH, person, slice_score=score)


def missed(person: str = "a", score: float = 0.3) -> ScoredSlice:
    return scored(WITHOUT, WITH, person, slice_score=score)


def clean(person: str = "a", score: float = 0.1) -> ScoredSlice:
    return scored(WITHOUT, WITHOUT, person, slice_score=score)


def wrong(person: str = "a", score: float = 0.6) -> ScoredSlice:
    return scored(WITH, WITHOUT, person, slice_score=score)


UNLABELLED = scored(WITH, WITHOUT, "u", covers="liver", slice_score=0.9)
"""A tumour was marked where nobody outlined tumours: neither right nor wrong."""


def test_slices_are_counted_where_tumours_are_labelled() -> None:
    counts = slice_counts([found(), found(), missed(), clean(), clean(), clean(), wrong(), UNLABELLED])
    assert counts == {"found": 2, "missed": 1, "clean": 3, "wrongly_marked": 1}


def test_slice_level_by_hand() -> None:
    values = slice_level([found(), found(), missed(), clean(), clean(), clean(), wrong(), UNLABELLED])
    assert (values["slices"], values["people"]) == (7, 1)
    assert values["confusion"] == {"true_positive": 2, "false_negative": 1, "true_negative": 3, "false_positive": 1}
    assert values["accuracy"] == round(5 / 7, 4)
    assert values["sensitivity"] == round(2 / 3, 4)
    assert values["specificity"] == 0.75
    # 0.9 twice beats all four; 0.3 beats the three at 0.1 and loses to 0.6.
    assert values["area_under_curve"] == round((4 + 4 + 3) / 12, 4)
    assert values["intervals"] == {"sensitivity": None, "specificity": None}


def test_slice_level_intervals_go_by_person() -> None:
    values = slice_level([found("a"), missed("b"), clean("a"), clean("b")])
    assert values["intervals"] == {"sensitivity": [0, 1], "specificity": [1, 1]}


def test_any_mark_on_a_slice_with_tumour_counts_as_marked() -> None:
    beside = scored(labels(LIVER, ELSEWHERE), WITH)
    assert slice_counts([beside])["found"] == 1
    assert lesion_scores([beside])["any_overlap"]["found"] == 0


def test_clean_liver_slices_show_liver_have_no_tumour_and_are_fully_labelled() -> None:
    no_liver = scored(WITH, labels(), "a")
    tumour_labels_only = scored(WITH, WITHOUT, "a", covers="tumour")
    values = clean_liver([clean(), clean(), wrong("b"), found(), no_liver, tumour_labels_only, UNLABELLED])
    assert (values["slices"], values["people"], values["wrongly_marked"]) == (3, 2, 1)
    assert values["share"] == round(1 / 3, 4)
    assert values["intervals"]["share"] == [0, 1]
    assert clean_liver([found()])["share"] is None


def test_lesions_by_hand() -> None:
    # Person a: one lesion covered wholly; a false finding. Person b: of 16 pixels 4 are covered, IoU 1/4.
    sharp = scored(labels(LIVER, TUMOUR, ELSEWHERE), WITH)
    coarse = scored(labels(LIVER, (2, 2, 2, 2)), WITH, "b")
    values = lesion_scores([sharp, coarse, clean("b"), UNLABELLED])
    assert values["slices"] == 3
    assert values["any_overlap"] == {
        "found": 2,
        "missed": 0,
        "false_findings": 1,
        "precision": round(2 / 3, 4),
        "recall": 1,
        "f1": 0.8,
        "false_findings_a_slice": round(1 / 3, 4),
    }
    half = values["iou_above_half"]
    assert (half["found"], half["missed"], half["false_findings"]) == (1, 1, 2)
    assert (half["precision"], half["recall"], half["f1"]) == (round(1 / 3, 4), 0.5, 0.4)


def test_recall_by_size_in_own_pixels() -> None:
    # A 4×4 lesion has the area of a disc of 4.5 px across, 10×10 of one of 11.3 px.
    both = labels((0, 0, 20, 20), TUMOUR, (8, 8, 10, 10))
    values = lesion_scores([scored(labels((0, 0, 20, 20), (8, 8, 10, 9)), both)])
    small, middle, large, largest = values["by_diameter_px"]
    assert (small["from"], small["below"], small["lesions"], small["recall_any_overlap"]) == (0, 6, 1, 0)
    assert (middle["lesions"], middle["recall_any_overlap"], middle["recall_iou_above_half"]) == (1, 1, 1)
    assert (large["lesions"], large["recall_any_overlap"]) == (0, None)
    assert largest["below"] is None
    assert [row["lesions"] for row in values["by_diameter_mm"]] == [0, 0, 0, 0]


def test_recall_by_size_in_millimetres_where_spacing_is_known() -> None:
    # 16 pixels of 2 mm × 3 mm: 96 mm², a disc of 11.06 mm.
    assert 10 < 2 * math.sqrt(96 / math.pi) < 20
    values = lesion_scores([scored(WITH, WITH, spacing_mm=(2.0, 3.0))])
    assert [row["lesions"] for row in values["by_diameter_mm"]] == [0, 1, 0, 0]
    assert [row["lesions"] for row in values["by_diameter_px"]] == [0, 0, 0, 0]


def test_tumour_burden_by_hand() -> None:
    # Person a: liver 200 + 200, true tumour 16, found 32: 4 % and 8 %. Person b: 8 % and 0 %.
    a = [scored(labels(LIVER, TUMOUR, ELSEWHERE), WITH), clean()]
    b = [missed("b")]
    values = tumour_burden([*a, *b, UNLABELLED])
    assert values["people"] == 2
    assert values["person_burden"] == {
        "a": {"true_percent": 4, "found_percent": 8},
        "b": {"true_percent": 8, "found_percent": 0},
    }
    assert values["mean_absolute_error_points"] == 6
    assert values["mean_error_points"] == -2
    assert values["root_mean_square_error_points"] == round(math.sqrt((16 + 64) / 2), 4)
    assert values["largest_error_points"] == 8


def test_a_burden_without_liver_is_no_number() -> None:
    nothing_found = scored(labels(), WITH, "a")
    no_liver_outlined = scored(WITH, labels(), "b")
    values = tumour_burden([nothing_found, no_liver_outlined])
    assert (values["people"], values["people_without_liver_found"]) == (1, 1)
    assert values["person_burden"]["a"] == {"true_percent": 8, "found_percent": None}
    assert values["mean_absolute_error_points"] is None
    assert values["root_mean_square_error_points"] is values["largest_error_points"] is None


def test_calibration_of_lesions_by_hand() -> None:
    # Two marked lesions of equal size, the first on a tumour: confidence 0.85 right, 0.65 wrong.
    one = scored(labels(LIVER, TUMOUR, ELSEWHERE), WITH, confidences=(0.85, 0.65))
    lesions = calibration([one, UNLABELLED])["lesions"]
    assert lesions["count"] == 2
    assert lesions["expected_calibration_error"] == round((0.15 + 0.65) / 2, 4)
    assert [row["count"] for row in lesions["bins"]] == [0, 0, 0, 0, 0, 0, 1, 0, 1, 0]
    assert lesions["bins"][8]["share_right"] == 1
    assert lesions["bins"][0]["share_right"] is None


def test_two_marks_on_one_lesion_are_both_right() -> None:
    """Each was marked where a tumour is, although only one of them can be that lesion's partner."""
    twice = scored(labels(LIVER, (2, 2, 1, 4), (4, 2, 2, 4)), WITH, confidences=(0.95, 0.95))
    assert calibration([twice])["lesions"]["bins"][9]["share_right"] == 1
    assert lesion_scores([twice])["any_overlap"]["false_findings"] == 1


def test_calibration_of_slices() -> None:
    sure = scored(WITH, WITH, slice_score=0.75, tumour_chance=0.95)
    unsure = scored(WITHOUT, WITHOUT, slice_score=0.55, tumour_chance=0.05)
    values = calibration([sure, unsure])
    assert values["slices"]["expected_calibration_error"] == 0.05
    assert values["slice_scores"]["expected_calibration_error"] == round((0.25 + 0.55) / 2, 4)


def test_without_calibration_only_the_score_is_there() -> None:
    values = calibration([found(), clean()])
    assert values["slices"]["count"] == 0
    assert values["slices"]["expected_calibration_error"] is None
    assert values["slice_scores"]["count"] == 2
    assert values["lesions"]["count"] == 1
