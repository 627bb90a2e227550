"""How well the masks of one structure agree: pooled, by person and by slice, with intervals and distances."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from TumorApp.imaging.metrics import Overlap, mean_defined, pooled
from TumorApp.imaging.surfaces import SurfaceDistances, joined
from TumorApp.learning.bootstrap import interval
from TumorApp.learning.scoring import ScoredSlice, by_person, plain, plain_interval

FIGURES = (
    "dice",
    "iou",
    "precision",
    "recall",
    "pixel_accuracy",
    "volumetric_overlap_error",
    "relative_volume_difference",
)
"""Properties of ``Overlap`` that are reported."""
DISTANCES = ("average_symmetric_mm", "hausdorff_mm", "hausdorff_95_mm")
"""Properties of ``SurfaceDistances`` that are reported."""


def agreement(slices: Sequence[ScoredSlice], structure: str) -> dict[str, Any]:
    """Score the masks of one structure on the slices whose labels cover it.

    Args:
        slices: Scored slices.
        structure: ``"liver"`` or ``"tumour"``.

    Returns:
        Plain values. Each of ``FIGURES`` ends in ``_pooled`` (all pixels of all slices as one), ``_by_person`` (mean
        over people, the pixels of each pooled) or ``_by_slice`` (mean over slices where it exists; a slice on which
        both masks are empty is counted in ``both_empty_slices`` and enters no mean).
    """
    covered = [one for one in slices if structure in one.overlaps]
    counted = [one.overlaps[structure] for one in covered]
    own_slices = {person: [one.overlaps[structure] for one in own] for person, own in by_person(covered).items()}
    people = {person: pooled(own) for person, own in own_slices.items()}
    whole = pooled(counted)
    values: dict[str, Any] = {"slices": len(covered), "people": len(people)}
    for figure in FIGURES:
        values[f"{figure}_pooled"] = plain(getattr(whole, figure))
        values[f"{figure}_by_person"] = plain(mean_defined(getattr(own, figure) for own in people.values()))
        values[f"{figure}_by_slice"] = plain(mean_defined(getattr(own, figure) for own in counted))
    return {
        **values,
        "dice_by_person_deviation": plain(deviation([own.dice for own in people.values()])),
        "intervals": _dice_intervals(own_slices),
        "both_empty_slices": sum(own.both_empty for own in counted),
        "only_true_slices": sum(bool(own.true) and not own.predicted for own in counted),
        "only_predicted_slices": sum(bool(own.predicted) and not own.true for own in counted),
        "person_dice": {person: plain(own.dice) for person, own in people.items()},
        "surface": _surface(covered, structure),
    }


def deviation(values: Sequence[float]) -> float:
    """Return the sample standard deviation of the values that exist; nan where fewer than two do."""
    defined = [value for value in values if not math.isnan(value)]
    return statistics.stdev(defined) if len(defined) > 1 else math.nan


def _dice_intervals(own_slices: Mapping[str, Sequence[Overlap]]) -> dict[str, list[float] | None]:
    """Each Dice is a ratio of sums over people, as ``bootstrap.interval`` asks for."""
    totals = [pooled(own) for own in own_slices.values()]
    means = [[one.dice for one in own if not one.both_empty] for own in own_slices.values()]
    parts: dict[str, list[tuple[float, float]]] = {
        "dice_pooled": [(2 * own.both, own.predicted + own.true) for own in totals],
        "dice_by_person": [(0, 0) if own.both_empty else (own.dice, 1) for own in totals],
        "dice_by_slice": [(sum(own), len(own)) for own in means],
    }
    return {figure: plain_interval(interval(people)) for figure, people in parts.items()}


def _surface(covered: Sequence[ScoredSlice], structure: str) -> dict[str, Any]:
    """Distances of the outlines of slices whose spacing is known and on which both masks have something."""
    with_spacing = [one for one in covered if one.record.spacing_mm]
    measured = [(one.record.patient, found) for one in with_spacing if (found := one.surfaces[structure]) is not None]
    people: dict[str, list[SurfaceDistances]] = {}
    for person, found in measured:
        people.setdefault(person, []).append(found)
    own = [joined(found) for found in people.values()]
    whole = joined(own)
    values: dict[str, Any] = {
        "measured_slices": len(measured),
        "one_empty_slices": sum(
            not one.overlaps[structure].both_empty and one.surfaces[structure] is None for one in with_spacing
        ),
        "without_spacing_slices": len(covered) - len(with_spacing),
    }
    for figure in DISTANCES:
        values[f"{figure}_pooled"] = plain(getattr(whole, figure))
        values[f"{figure}_by_person"] = plain(mean_defined(getattr(one, figure) for one in own))
        values[f"{figure}_by_slice"] = plain(mean_defined(getattr(one, figure) for _, one in measured))
    return values
