"""Scored slices of drawn labels, whose figures can be told by counting."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from tests.phantoms import analysis, rectangle
from TumorApp.imaging.measurement import measure_lesions
from TumorApp.imaging.records import Analysis
from TumorApp.learning.dataset import Record
from TumorApp.learning.scoring import ScoredSlice, score_slice

SHAPE = (20, 20)
BODY = np.zeros(SHAPE, np.uint8)


def labels(
    liver: tuple[int, int, int, int] | None = None, *tumours: tuple[int, int, int, int], shape: tuple[int, int] = SHAPE
) -> np.ndarray:
    """Rectangles (x, y, width, height) as labels: the liver, then tumours on top of it."""
    drawn = np.zeros(shape, np.uint8)
    if liver:
        drawn[rectangle(shape, *liver)] = 1
    for tumour in tumours:
        drawn[rectangle(shape, *tumour)] = 2
    return drawn


def answer(found: np.ndarray, *, confidences: tuple[float, ...] | None = None, **changes: object) -> Analysis:
    """An analysis that answers with these labels; its lesions have these confidences, the largest first."""
    lesions = measure_lesions(found, (found == 2).astype(np.float32))
    if confidences is not None:
        lesions = tuple(
            replace(lesion, confidence=confidence) for lesion, confidence in zip(lesions, confidences, strict=True)
        )
    return analysis(labels=found, lesions=lesions, **changes)


def record(person: str = "a", covers: str = "liver+tumour", spacing_mm: tuple[float, float] | None = None) -> Record:
    return Record("slice", person, covers, Path("data"), spacing_mm=spacing_mm)


def scored(
    found: np.ndarray,
    truth: np.ndarray,
    person: str = "a",
    covers: str = "liver+tumour",
    spacing_mm: tuple[float, float] | None = None,
    **changes: object,
) -> ScoredSlice:
    """A slice of a person on which ``found`` was answered and ``truth`` is outlined."""
    return score_slice(record(person, covers, spacing_mm), answer(found, **changes), truth)  # type: ignore[arg-type]
