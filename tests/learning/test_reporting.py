from __future__ import annotations

import pytest

from tests.learning.scored import labels, scored
from TumorApp.learning import evaluation
from TumorApp.learning.reporting import NONE, summary

LIVER, TUMOUR, ELSEWHERE = (0, 0, 20, 10), (2, 2, 4, 4), (12, 2, 4, 4)


def scores(*slices: object, **changes: object) -> dict[str, object]:
    return {**evaluation.summarise(slices), "change": None, "cross_validated": False, **changes}  # type: ignore[arg-type]


FOUND = scored(labels(LIVER, TUMOUR), labels(LIVER, TUMOUR), "a", slice_score=0.9, seconds=0.04)
WRONG = scored(labels(LIVER, ELSEWHERE), labels(LIVER), "b", slice_score=0.8, seconds=0.04)
MISSED = scored(labels(LIVER), labels(LIVER, TUMOUR), "b", slice_score=0.2, seconds=0.04)


def test_key_figures_are_told() -> None:
    text = summary(scores(FOUND, WRONG, MISSED))
    assert text.startswith("Slices: 3, people: 2. ")
    liver, tumour = (line.split() for line in text.splitlines()[3:5])
    assert liver[:4] == ["liver", "3", "2", "1.000"]
    assert tumour[:4] == ["tumour", "3", "2", "0.500"]  # 16 of 32 predicted, 16 of 32 true
    assert "Slices with a tumour: 1 of 2 marked (sensitivity 0.500 [0.000, 1.000])." in text
    assert "Slices without one: 1 of 1 marked (specificity 0.000); area under the curve 0.500." in text
    assert "Tumour-free slices that show liver: 1 of 1 marked (1.000)." in text
    assert "Lesions, any overlap: 1 found, 1 missed, 1 false (precision 0.500, recall 0.500, F1 0.500)." in text
    assert "Recall at any overlap by diameter: 0 to 6 px: 0.500 of 2." in text
    assert "Time a slice: 40 ms in the median" in text


def test_what_does_not_exist_is_a_dash() -> None:
    text = summary(scores(scored(labels(LIVER), labels(LIVER), covers="liver", seconds=0.04)))
    tumour = next(line for line in text.splitlines() if line.startswith("tumour"))
    assert tumour.split() == ["tumour", "0", "0", NONE, NONE, NONE, NONE, NONE]
    assert f"Slices with a tumour: 0 of 0 marked (sensitivity {NONE})." in text
    assert "nan" not in text
    assert "None" not in text


@pytest.mark.parametrize("spacing_mm", [None, (1.0, 1.0)])
def test_sizes_carry_their_unit(spacing_mm: tuple[float, float] | None) -> None:
    big = labels((0, 0, 60, 60), (0, 0, 50, 50), shape=(60, 60))
    text = summary(scores(scored(big, big, spacing_mm=spacing_mm, seconds=0.04)))
    assert ("40 mm and more: 1.000 of 1" if spacing_mm else "24 px and more: 1.000 of 1") in text


def test_changes_and_folds_are_said() -> None:
    text = summary(scores(FOUND, change="noise", cross_validated=True))
    assert "Slices: 1, people: 1, each person by the member that never saw them, every slice changed: noise." in text
