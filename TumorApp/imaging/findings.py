"""An analysis as the JSON object that the command line, the API and the page share."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from TumorApp.imaging.errors import SliceError
from TumorApp.imaging.records import Analysis


def findings(analysis: Analysis, file: str) -> dict[str, Any]:
    """Return the findings of one slice as plain values; numbers that do not exist are None, never 0.

    Args:
        analysis: What was found.
        file: Name to give the slice.
    """
    rule = analysis.size_rule
    return {
        "file": file,
        "tumour_detected": analysis.tumour_detected,
        "stage": int(rule.stage) if rule.stage is not None else None,
        "extent": rule.extent,
        "affected_percent": _rounded(analysis.affected_percent, 4),
        "affected_of": analysis.affected_of,
        "lesions": [_lesion(asdict(lesion)) for lesion in analysis.lesions],
        "liver_area_px": analysis.liver_area_px,
        "tumour_area_px": analysis.tumour_area_px,
        "slice_score": _rounded(analysis.slice_score, 4),
        "tumour_chance": _rounded(analysis.tumour_chance, 4),
        "sureness": analysis.sureness,
        "confidence_measured": analysis.confidence_measured,
        "spacing_mm": list(analysis.ct_slice.spacing_mm) if analysis.ct_slice.spacing_mm else None,
        "warnings": list(analysis.warnings),
        "model": analysis.model,
        "model_version": analysis.model_version,
        "model_sha256": analysis.model_sha256,
        "seconds": round(analysis.seconds, 4),
    }


def refusal(error: SliceError, file: str) -> dict[str, Any]:
    """Return a refused file in the same form."""
    return {"file": file, "error": {"code": error.code, "message": str(error)}}


def _lesion(values: dict[str, Any]) -> dict[str, Any]:
    rounded = {name: _rounded(value, 4) if isinstance(value, float) else value for name, value in values.items()}
    return {**rounded, "box": list(values["box"])}


def _rounded(value: float | None, digits: int) -> float | None:
    """Round for display; nan is no JSON and becomes None."""
    return None if value is None or math.isnan(value) else round(value, digits)
