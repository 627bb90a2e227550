from __future__ import annotations

import json
import math

from tests.phantoms import analysis
from TumorApp.imaging.errors import EmptyFileError
from TumorApp.imaging.findings import findings, refusal
from TumorApp.imaging.records import Lesion, SizeRule, Stage

LESION = Lesion((1, 2, 3, 4), 9, 4.5, 3.25, 10.123456, math.nan, "upper left of the picture", 0.87654321)
KEYS = {
    "file",
    "tumour_detected",
    "stage",
    "extent",
    "affected_percent",
    "affected_of",
    "lesions",
    "liver_area_px",
    "tumour_area_px",
    "slice_score",
    "tumour_chance",
    "sureness",
    "confidence_measured",
    "spacing_mm",
    "warnings",
    "model",
    "model_version",
    "model_sha256",
    "seconds",
}


def test_an_empty_analysis_has_every_key_and_no_invented_zero() -> None:
    values = findings(analysis(), "slice.png")
    assert set(values) == KEYS
    assert values["tumour_detected"] is False
    assert values["stage"] is values["extent"] is values["affected_percent"] is values["spacing_mm"] is None


def test_a_finding_is_plain_json() -> None:
    found = analysis(lesions=(LESION,), size_rule=SizeRule(Stage.II, 33.5, ((1, 2, 3, 4),)), affected_percent=12.345678)
    values = json.loads(json.dumps(findings(found, "a.png"), allow_nan=False))
    assert values["tumour_detected"] is True
    assert (values["stage"], values["extent"], values["affected_percent"]) == (2, 33.5, 12.3457)
    (lesion,) = values["lesions"]
    assert lesion["box"] == [1, 2, 3, 4]
    assert lesion["eccentricity"] is None
    assert lesion["confidence"] == 0.8765
    assert (lesion["area_mm2"], lesion["diameter_mm"]) == (4.5, 3.25)


def test_a_tumour_too_small_for_the_rule_has_neither_stage_nor_extent() -> None:
    values = findings(analysis(lesions=(LESION,), affected_percent=0.1), "a.png")
    assert values["tumour_detected"] is True
    assert values["stage"] is values["extent"] is None


def test_a_refusal_names_code_and_message() -> None:
    assert refusal(EmptyFileError("The file is empty."), "a.png") == {
        "file": "a.png",
        "error": {"code": "empty_file", "message": "The file is empty."},
    }
