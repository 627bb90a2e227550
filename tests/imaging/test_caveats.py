from __future__ import annotations

import numpy as np

from tests.phantoms import disc
from TumorApp.imaging.caveats import caveats
from TumorApp.imaging.records import CTSlice, Lesion, SizeRule, Stage

GREY = np.random.default_rng(0).uniform(0, 255, (128, 128)).astype(np.float32)
LIVER, INSIDE, OUTSIDE = disc((128, 128), (50, 50), 30), disc((128, 128), (50, 50), 8), disc((128, 128), (110, 110), 5)
STAGED = SizeRule(Stage.I, 17.0, ((42, 42, 17, 17),))


def lesion(confidence: float = 0.9) -> Lesion:
    return Lesion((42, 42, 17, 17), 201, None, None, 50.0, 0.1, "upper left of the picture", confidence)


def said(
    labels: np.ndarray,
    lesions: tuple[Lesion, ...],
    rule: SizeRule = STAGED,
) -> str:
    return " ".join(caveats(CTSlice(GREY, "PNG", None, ("From the file.",)), labels, lesions, rule))


def labels(*tumours: np.ndarray, liver: bool = True) -> np.ndarray:
    values = LIVER.astype(np.uint8) * liver
    for tumour in tumours:
        values[tumour] = 2
    return values


def test_a_clear_finding_says_only_what_the_file_said() -> None:
    assert said(labels(INSIDE), (lesion(),)) == "From the file."


def test_no_liver() -> None:
    assert "No liver was found." in said(labels(liver=False), ())
    assert "refers to the whole slice" in said(labels(OUTSIDE, liver=False), (lesion(),))


def test_a_region_apart_from_the_liver() -> None:
    assert "may be a false finding" in said(labels(INSIDE, OUTSIDE), (lesion(), lesion()))
    assert "may be a false finding" not in said(labels(INSIDE), (lesion(),))


def test_unsure_and_small() -> None:
    assert "unsure" in said(labels(INSIDE), (lesion(0.6),))
    assert "too small for the size rule" in said(labels(INSIDE), (lesion(),), SizeRule(None, None, ()))


def test_a_flat_picture() -> None:
    flat = CTSlice(np.full((64, 64), 90, np.float32), "PNG")
    assert "no contrast" in caveats(flat, np.zeros((64, 64), np.uint8), (), SizeRule(None, None, ()))[0]
