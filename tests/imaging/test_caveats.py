from __future__ import annotations

import numpy as np
import pytest

from tests.phantoms import analysis, disc
from TumorApp.imaging.caveats import caveats
from TumorApp.imaging.records import CTSlice, Lesion, SizeRule, Stage, Sureness

GREY = np.random.default_rng(0).uniform(0, 255, (128, 128)).astype(np.float32)
LIVER, INSIDE, OUTSIDE = disc((128, 128), (50, 50), 30), disc((128, 128), (50, 50), 8), disc((128, 128), (110, 110), 5)
STAGED = SizeRule(Stage.I, 17.0, ((42, 42, 17, 17),))


def lesion(sureness: Sureness | None = None) -> Lesion:
    return Lesion((42, 42, 17, 17), 201, None, None, 50.0, 0.1, "upper left of the picture", 0.9, sureness)


def said(labels: np.ndarray, *lesions: Lesion, knows_liver: bool = True, **changes: object) -> str:
    ct_slice = CTSlice(GREY, "PNG", None, ("From the file.",))
    values: dict[str, object] = {"ct_slice": ct_slice, "labels": labels, "lesions": lesions, "size_rule": STAGED}
    return " ".join(caveats(analysis(**{**values, **changes}), knows_liver=knows_liver))


def labels(*tumours: np.ndarray, liver: bool = True) -> np.ndarray:
    values = LIVER.astype(np.uint8) * liver
    for tumour in tumours:
        values[tumour] = 2
    return values


def test_a_clear_finding_says_only_what_the_file_said() -> None:
    assert said(labels(INSIDE), lesion()) == "From the file."
    assert said(labels(INSIDE), lesion("sure"), tumour_chance=0.9, sureness="sure") == "From the file."


def test_no_liver() -> None:
    assert "No liver was found." in said(labels(liver=False))
    assert "refers to the whole slice" in said(labels(OUTSIDE, liver=False), lesion())


def test_a_network_that_knows_no_liver_does_not_miss_it() -> None:
    sentences = said(labels(OUTSIDE, liver=False), lesion(), knows_liver=False)
    assert "does not look for the liver" in sentences
    assert "No liver was found" not in sentences


def test_a_region_apart_from_the_liver() -> None:
    assert "may be a false finding" in said(labels(INSIDE, OUTSIDE), lesion(), lesion())
    assert "may be a false finding" not in said(labels(INSIDE), lesion())


def test_a_region_that_meets_the_liver_at_a_corner_touches_it() -> None:
    corner = np.zeros((3, 3), np.uint8)
    corner[0, 0], corner[1, 1] = 1, 2
    assert "may be a false finding" not in said(corner, lesion())
    corner[1, 1], corner[2, 2] = 0, 2
    assert "may be a false finding" in said(corner, lesion())


def test_small() -> None:
    assert "too small for the size rule" in said(labels(INSIDE), lesion(), size_rule=SizeRule(None, None, ()))


@pytest.mark.parametrize(
    ("grades", "sentence"),
    [
        (("unsure",), "is unsure about at least one marked region"),
        (("unsure", "very unsure"), "is very unsure about at least one marked region"),
    ],
)
def test_doubts_about_lesions(grades: tuple[Sureness, ...], sentence: str) -> None:
    assert sentence in said(labels(INSIDE), *(lesion(grade) for grade in grades))


@pytest.mark.parametrize("grade", ["unsure", "very unsure"])
def test_doubts_about_the_slice(grade: Sureness) -> None:
    marked = said(labels(INSIDE), lesion("sure"), tumour_chance=0.4, sureness=grade)
    assert f"The network is {grade} whether this slice shows a tumour." in marked
    clean = said(labels(), tumour_chance=0.4, sureness=grade)
    assert f"No tumour was marked, but the network is {grade} about that." in clean


def test_a_flat_picture() -> None:
    flat = analysis(ct_slice=CTSlice(np.full((64, 64), 90, np.float32), "PNG"))
    assert "no contrast" in caveats(flat)[0]
