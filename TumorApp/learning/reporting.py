"""The key figures of an evaluation as a short table for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

WIDTHS = (10, 8, 8, 24, 24, 24, 11, 8)
HEADS = ("", "slices", "people", "Dice pooled", "Dice by person", "Dice by slice", "precision", "recall")
NONE = "–"
"""Where a figure does not exist."""


def summary(scores: Mapping[str, Any]) -> str:
    """Return the key figures of ``evaluation.evaluate`` as lines of text.

    Args:
        scores: As returned by it.
    """
    lines = [_scope(scores), "", _row(HEADS)]
    lines += [_structure(name, scores[name]) for name in ("liver", "tumour")]
    lines += ["", *_slices(scores), "", *_lesions(scores["lesions"]), "", *_other(scores)]
    return "\n".join(line.rstrip() for line in lines)


def _scope(scores: Mapping[str, Any]) -> str:
    how = ", each person by the member that never saw them" if scores["cross_validated"] else ""
    changed = f", every slice changed: {scores['change']}" if scores["change"] else ""
    return f"Slices: {scores['slices']}, people: {scores['people']}{how}{changed}. [..] is a 95 % interval by person."


def _structure(name: str, values: Mapping[str, Any]) -> str:
    dice = [
        _with_interval(values[figure], values["intervals"][figure])
        for figure in ("dice_pooled", "dice_by_person", "dice_by_slice")
    ]
    ends = (_number(values["precision_pooled"]), _number(values["recall_pooled"]))
    return _row((name, str(values["slices"]), str(values["people"]), *dice, *ends))


def _slices(scores: Mapping[str, Any]) -> list[str]:
    counts, level, clean = scores["tumour_by_slice"], scores["slice_level"], scores["clean_liver"]
    ends = level["intervals"]
    return [
        f"Slices with a tumour: {counts['found']} of {counts['found'] + counts['missed']} marked "
        f"(sensitivity {_with_interval(level['sensitivity'], ends['sensitivity'])}).",
        f"Slices without one: {counts['wrongly_marked']} of {counts['wrongly_marked'] + counts['clean']} marked "
        f"(specificity {_with_interval(level['specificity'], ends['specificity'])}); "
        f"area under the curve {_number(level['area_under_curve'])}.",
        f"Tumour-free slices that show liver: {clean['wrongly_marked']} of {clean['slices']} marked "
        f"({_with_interval(clean['share'], clean['intervals']['share'])}).",
    ]


def _lesions(lesions: Mapping[str, Any]) -> list[str]:
    lines = []
    for name, words in (("any_overlap", "any overlap"), ("iou_above_half", "IoU above 0.5")):
        values = lesions[name]
        lines.append(
            f"Lesions, {words}: {values['found']} found, {values['missed']} missed, {values['false_findings']} false "
            f"(precision {_number(values['precision'])}, recall {_number(values['recall'])}, "
            f"F1 {_number(values['f1'])})."
        )
    for unit in ("mm", "px"):
        rows = [row for row in lesions[f"by_diameter_{unit}"] if row["lesions"]]
        shares = [f"{_size(row, unit)}: {_number(row['recall_any_overlap'])} of {row['lesions']}" for row in rows]
        if shares:
            lines.append(f"Recall at any overlap by diameter: {'; '.join(shares)}.")
    return lines


def _other(scores: Mapping[str, Any]) -> list[str]:
    burden, errors = scores["tumour_burden"], scores["calibration"]
    calibrated = "slices" if errors["slices"]["count"] else "slice_scores"
    return [
        f"Tumour burden: off by {_number(burden['mean_absolute_error_points'])} percentage points in the mean "
        f"(people: {burden['people']}).",
        f"Calibration error: lesions {_number(errors['lesions']['expected_calibration_error'])}, "
        f"slices {_number(errors[calibrated]['expected_calibration_error'])}.",
        f"Time a slice: {1000 * scores['seconds_a_slice']:.0f} ms in the median, "
        f"19 of 20 within {1000 * scores['seconds_a_slice_95']:.0f} ms.",
    ]


def _size(row: Mapping[str, Any], unit: str) -> str:
    if row["below"] is None:
        return f"{row['from']:.0f} {unit} and more"
    return f"{row['from']:.0f} to {row['below']:.0f} {unit}"


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.3f}"


def _with_interval(value: float | None, ends: list[float] | None) -> str:
    return _number(value) if ends is None else f"{_number(value)} [{ends[0]:.3f}, {ends[1]:.3f}]"


def _row(cells: tuple[str, ...]) -> str:
    return "".join(cell.ljust(width) for cell, width in zip(cells, WIDTHS, strict=True))
