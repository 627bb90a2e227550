"""One analysed slice against its outlines: everything about it that the figures of an evaluation are made of."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from TumorApp.imaging.lesion_detection import LesionOverlaps, lesion_overlaps
from TumorApp.imaging.metrics import Overlap, overlap
from TumorApp.imaging.records import LIVER, TUMOUR, Analysis, Uint8
from TumorApp.imaging.surfaces import SurfaceDistances, surface_distances
from TumorApp.learning.dataset import DataFolderError, Record

LOWEST = {"liver": LIVER, "tumour": TUMOUR}
"""Smallest label value that belongs to each structure: a liver includes its tumours."""

DIGITS = 4
"""Decimals of a figure; the fifth is far inside of what a single pixel or person changes."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoredSlice:
    """What an analysis of one slice was worth. A structure that the labels do not cover is in none of the tables.

    Attributes:
        record: Whose slice it is, and what its labels cover.
        overlaps: By structure, pixel counts.
        surfaces: By structure, distances of the outlines; None where either mask is empty or there is no spacing.
        lesions: Predicted against true lesions; None where tumours are not covered.
        confidences: Of the predicted lesions, in their order.
        slice_score: ``Analysis.slice_score``.
        tumour_chance: ``Analysis.tumour_chance``.
        seconds: From bytes to findings.
    """

    record: Record
    overlaps: dict[str, Overlap]
    surfaces: dict[str, SurfaceDistances | None]
    lesions: LesionOverlaps | None
    confidences: tuple[float, ...]
    slice_score: float
    tumour_chance: float | None
    seconds: float


def score_slice(record: Record, analysis: Analysis, truth: Uint8) -> ScoredSlice:
    """Compare an analysis with the outlines of its slice.

    Args:
        record: Of the slice.
        analysis: What was found.
        truth: ``(H, W) uint8``, 0 background, 1 liver, 2 tumour.

    Raises:
        DataFolderError: If slice and mask are not on the same grid.
    """
    if analysis.labels.shape != truth.shape:
        raise DataFolderError(
            f"Slice and mask of {record.name} lie on different grids: {analysis.labels.shape} and {truth.shape}."
        )
    covered = [structure for structure in LOWEST if record.covers(structure)]
    predicted_masks = {structure: analysis.labels >= LOWEST[structure] for structure in covered}
    true_masks = {structure: truth >= LOWEST[structure] for structure in covered}
    spacing_mm = record.spacing_mm
    return ScoredSlice(
        record=record,
        overlaps={name: overlap(predicted_masks[name], true_masks[name]) for name in covered},
        surfaces={
            name: surface_distances(predicted_masks[name], true_masks[name], spacing_mm) if spacing_mm else None
            for name in covered
        },
        lesions=lesion_overlaps(predicted_masks["tumour"], true_masks["tumour"]) if "tumour" in covered else None,
        confidences=tuple(lesion.confidence for lesion in analysis.lesions),
        slice_score=analysis.slice_score,
        tumour_chance=analysis.tumour_chance,
        seconds=analysis.seconds,
    )


def by_person(slices: Iterable[ScoredSlice]) -> dict[str, list[ScoredSlice]]:
    """Sort slices by whose they are; people in the order of their ids."""
    found: dict[str, list[ScoredSlice]] = defaultdict(list)
    for one in slices:
        found[one.record.patient].append(one)
    return dict(sorted(found.items()))


def plain(value: float) -> float | None:
    """Round a figure for JSON, which has no nan: what does not exist is None."""
    return None if math.isnan(value) else round(value, DIGITS)


def plain_interval(ends: tuple[float, float]) -> list[float] | None:
    """Round both ends of an interval for JSON; None where there is none."""
    low, high = (plain(end) for end in ends)
    return None if low is None or high is None else [low, high]
