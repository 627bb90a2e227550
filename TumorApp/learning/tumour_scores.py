"""What an evaluation says of tumours beyond their masks: lesions, slices, burden, and what a confidence is worth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from itertools import pairwise
from typing import Any

from TumorApp.imaging.classification import Confusion, area_under_curve, confusion
from TumorApp.imaging.lesion_detection import LesionCounts, count_pairs, equivalent_diameter, pair_lesions
from TumorApp.imaging.metrics import mean_defined, pooled
from TumorApp.imaging.reliability import expected_calibration_error, reliability
from TumorApp.learning.bootstrap import interval
from TumorApp.learning.scoring import ScoredSlice, by_person, plain, plain_interval

OVERLAPS = {"any_overlap": 0.0, "iou_above_half": 0.5}
"""Intersection over union that a pair of lesions must exceed. Half is the LiTS benchmark's (Bilic et al. 2023,
doi:10.1016/j.media.2022.102680); any overlap asks only whether a reader was pointed to the lesion."""

DIAMETERS_MM = (0.0, 10.0, 20.0, 40.0, math.inf)
"""Ends of the size classes: 10 mm is the smallest lesion that RECIST 1.1 measures (Eisenhauer et al. 2009,
doi:10.1016/j.ejca.2008.10.026); each next class is twice as wide, because most lesions are small."""
DIAMETERS_PX = (0.0, 6.0, 12.0, 24.0, math.inf)
"""The same where there is no spacing, in pixels of the slice's own grid: close to 10, 20 and 40 mm on 256 pixels at a
field of view of 400 mm, but not on other grids, so that both are never mixed."""


def slice_counts(slices: Sequence[ScoredSlice]) -> dict[str, int]:
    """Count slices by whether a tumour is outlined and whether one was marked; overlap is not asked for."""
    counts = _confusion(slices)
    return {
        "found": counts.true_positive,
        "missed": counts.false_negative,
        "clean": counts.true_negative,
        "wrongly_marked": counts.false_positive,
    }


def slice_level(slices: Sequence[ScoredSlice]) -> dict[str, Any]:
    """Score the question whether a slice shows a tumour, on the slices whose labels cover tumours."""
    covered = [one for one in slices if "tumour" in one.overlaps]
    counts = _confusion(covered)
    people = [_confusion(own) for own in by_person(covered).values()]
    sensitivity = [(own.true_positive, own.true_positive + own.false_negative) for own in people]
    specificity = [(own.true_negative, own.true_negative + own.false_positive) for own in people]
    return {
        "slices": len(covered),
        "people": len(people),
        "confusion": asdict(counts),
        "accuracy": plain(counts.accuracy),
        "sensitivity": plain(counts.sensitivity),
        "specificity": plain(counts.specificity),
        "area_under_curve": plain(
            area_under_curve([one.slice_score for one in covered], [_has_tumour(one) for one in covered])
        ),
        "intervals": {
            "sensitivity": plain_interval(interval(sensitivity)),
            "specificity": plain_interval(interval(specificity)),
        },
    }


def clean_liver(slices: Sequence[ScoredSlice]) -> dict[str, Any]:
    """Count false alarms where they matter: on slices that show liver, have no tumour, and are fully labelled."""
    clean = [
        one
        for one in slices
        if {"liver", "tumour"} <= one.overlaps.keys() and one.overlaps["liver"].true and not _has_tumour(one)
    ]
    parts = [(sum(_is_marked(one) for one in own), len(own)) for own in by_person(clean).values()]
    marked = sum(wrongly for wrongly, _ in parts)
    return {
        "slices": len(clean),
        "people": len(parts),
        "wrongly_marked": marked,
        "share": plain(marked / len(clean) if clean else math.nan),
        "intervals": {"share": plain_interval(interval(parts))},
    }


def lesion_scores(slices: Sequence[ScoredSlice]) -> dict[str, Any]:
    """Score the finding of single lesions, 2-D regions of 8 neighbours, on the slices whose labels cover tumours."""
    covered = [one for one in slices if one.lesions is not None]
    values: dict[str, Any] = {"slices": len(covered)}
    for name, iou_above in OVERLAPS.items():
        counts = sum(
            (count_pairs(pair_lesions(one.lesions, iou_above)) for one in covered if one.lesions), LesionCounts()
        )
        values[name] = {
            **asdict(counts),
            "precision": plain(counts.precision),
            "recall": plain(counts.recall),
            "f1": plain(counts.f1),
            "false_findings_a_slice": plain(counts.false_findings / len(covered) if covered else math.nan),
        }
    with_spacing = [one for one in covered if one.record.spacing_mm]
    without = [one for one in covered if not one.record.spacing_mm]
    values["by_diameter_mm"] = _by_diameter(with_spacing, DIAMETERS_MM)
    values["by_diameter_px"] = _by_diameter(without, DIAMETERS_PX)
    return values


def tumour_burden(slices: Sequence[ScoredSlice]) -> dict[str, Any]:
    """Compare tumour as a share of the liver, each person's fully labelled slices pooled.

    Burden and its errors in percent and percentage points; Bilic et al. 2023 report the root mean square and the
    largest error of the same share. People without outlined liver have none; people in whose slices no liver was
    found are counted apart, because no number that stood in for them would be right.
    """
    covered = [one for one in slices if {"liver", "tumour"} <= one.overlaps.keys()]
    people: dict[str, dict[str, float | None]] = {}
    errors: list[float] = []
    without_liver = 0
    for person, own in by_person(covered).items():
        liver = pooled(one.overlaps["liver"] for one in own)
        tumour = pooled(one.overlaps["tumour"] for one in own)
        if not liver.true:
            continue
        true = 100 * tumour.true / liver.true
        found = 100 * tumour.predicted / liver.predicted if liver.predicted else math.nan
        people[person] = {"true_percent": plain(true), "found_percent": plain(found)}
        if liver.predicted:
            errors.append(found - true)
        else:
            without_liver += 1
    return {
        "people": len(people),
        "people_without_liver_found": without_liver,
        "mean_absolute_error_points": plain(mean_defined(abs(error) for error in errors)),
        "mean_error_points": plain(mean_defined(errors)),
        "root_mean_square_error_points": plain(math.sqrt(mean_defined(error**2 for error in errors))),
        "largest_error_points": plain(max(map(abs, errors), default=math.nan)),
        "person_burden": people,
    }


def calibration(slices: Sequence[ScoredSlice]) -> dict[str, Any]:
    """Compare confidences with how often they were right, on the slices whose labels cover tumours.

    ``lesions``: the confidence of a marked lesion with whether it shares a pixel with an outlined tumour. ``slices``:
    the chance that a slice shows a tumour with whether it does; empty where the card has no calibration.
    ``slice_scores``: the score behind that chance, for what calibration changes.
    """
    covered = [one for one in slices if one.lesions is not None]
    lesions = [
        pair
        for one in covered
        if one.lesions is not None
        for pair in zip(one.confidences, one.lesions.touching.tolist(), strict=True)
    ]
    chances = [(one.tumour_chance, _has_tumour(one)) for one in covered if one.tumour_chance is not None]
    return {
        "lesions": _reliability(lesions),
        "slices": _reliability(chances),
        "slice_scores": _reliability([(one.slice_score, _has_tumour(one)) for one in covered]),
    }


def _reliability(pairs: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    bins = reliability([confidence for confidence, _ in pairs], [right for _, right in pairs])
    return {
        "count": len(pairs),
        "expected_calibration_error": plain(expected_calibration_error(bins)),
        "bins": [
            {
                **asdict(one),
                "mean_confidence": plain(one.mean_confidence),
                "share_right": plain(one.share_right),
            }
            for one in bins
        ],
    }


def _by_diameter(slices: Sequence[ScoredSlice], ends: Sequence[float]) -> list[dict[str, Any]]:
    """Recall of lesions by equivalent diameter: in millimetres where the slices have a spacing, else in own pixels."""
    found: list[tuple[float, dict[str, bool]]] = []
    for one in slices:
        if one.lesions is None:
            continue
        pairings = {name: pair_lesions(one.lesions, iou_above).found for name, iou_above in OVERLAPS.items()}
        pixel_area = math.prod(one.record.spacing_mm or (1.0, 1.0))
        for index, pixels in enumerate(one.lesions.true_px.tolist()):
            outcome = {name: pairing[index] for name, pairing in pairings.items()}
            found.append((equivalent_diameter(pixels * pixel_area), outcome))
    rows = []
    for low, high in pairwise(ends):
        inside = [outcome for diameter, outcome in found if low <= diameter < high]
        row: dict[str, Any] = {"from": low, "below": None if math.isinf(high) else high, "lesions": len(inside)}
        for name in OVERLAPS:
            row[f"recall_{name}"] = plain(mean_defined(float(outcome[name]) for outcome in inside))
        rows.append(row)
    return rows


def _confusion(slices: Sequence[ScoredSlice]) -> Confusion:
    covered = [one for one in slices if "tumour" in one.overlaps]
    return confusion([_is_marked(one) for one in covered], [_has_tumour(one) for one in covered])


def _has_tumour(one: ScoredSlice) -> bool:
    return one.overlaps["tumour"].true > 0


def _is_marked(one: ScoredSlice) -> bool:
    return one.overlaps["tumour"].predicted > 0
