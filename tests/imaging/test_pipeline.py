from __future__ import annotations

import csv
import math
import os
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.phantoms import card, encoded, phantom_bytes, rectangle
from TumorApp.imaging.errors import BrokenFileError
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.records import SizeRule
from TumorApp.imaging.segmentation import Segmenter, load_segmenter

ROOT = Path(__file__).parents[2]
DATA = Path(os.environ.get("LIVER_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return load_segmenter(ROOT / "model" / "dilated_unet")


def dice(one: np.ndarray, other: np.ndarray) -> float:
    return 2 * np.count_nonzero(one & other) / (np.count_nonzero(one) + np.count_nonzero(other))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_network_finds_the_lesion_of_a_phantom(segmenter: Segmenter, seed: int) -> None:
    analysis = analyse(phantom_bytes(seed), "phantom.png", segmenter)
    truth = draw_phantom(seed).labels
    assert analysis.tumour_detected
    assert analysis.size_rule.stage is not None
    assert dice(analysis.labels >= 1, truth >= 1) > 0.8
    assert dice(analysis.labels == 2, truth == 2) > 0.5
    assert analysis.affected_of == "liver"
    assert analysis.affected_percent == pytest.approx(100 * analysis.tumour_area_px / analysis.liver_area_px)
    assert analysis.model_sha256 == segmenter.sha256


def test_a_phantom_without_lesion_has_none(segmenter: Segmenter) -> None:
    analysis = analyse(phantom_bytes(5, lesions=0), "phantom.png", segmenter)
    assert not analysis.tumour_detected
    assert (analysis.affected_percent, analysis.affected_of) == (0.0, "liver")
    assert analysis.size_rule == SizeRule(None, None, ())


def test_a_black_picture_has_neither_liver_nor_tumour(segmenter: Segmenter) -> None:
    analysis = analyse(encoded(np.zeros((200, 300), np.uint8)), "black.png", segmenter)
    assert analysis.labels.shape == (200, 300)
    assert not analysis.labels.any()
    assert analysis.affected_percent is None
    assert any("No liver was found" in warning for warning in analysis.warnings)


def test_the_same_slice_enlarged_gives_the_same_findings(segmenter: Segmenter) -> None:
    grey = draw_phantom(0).grey
    small = analyse(encoded(grey), "small.png", segmenter)
    large = analyse(encoded(np.kron(grey, np.ones((4, 4), np.uint8))), "large.png", segmenter)
    assert large.labels.shape == (1024, 1024)
    assert large.size_rule.stage == small.size_rule.stage
    assert large.affected_percent == pytest.approx(small.affected_percent, rel=0.1)
    assert large.tumour_area_px == pytest.approx(16 * small.tumour_area_px, rel=0.1)


def answering(card_changes: dict[str, object], tumour: np.ndarray, liver: np.ndarray) -> Segmenter:
    """A segmenter that answers every slice with the same two maps."""

    class Session:
        def get_inputs(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(name="slice")]

        def run(self, outputs: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [np.stack([liver, tumour], axis=-1)[np.newaxis].astype(np.float32)]

    return Segmenter(card(**card_changes), "0" * 64, Session())


def test_mask_boxes_and_stage_agree_on_what_counts() -> None:
    grid = (128, 128)
    liver, far = rectangle(grid, 20, 20, 60, 60), rectangle(grid, 100, 100, 20, 20)
    sure, doubtful = rectangle(grid, 30, 30, 10, 10), rectangle(grid, 50, 50, 12, 12)
    tumour = 0.9 * sure + 0.6 * doubtful + 0.95 * far
    rules = {"liver_margin_px": 4.0, "lesion_peak": 0.8}
    analysis = analyse(phantom_bytes(), "phantom.png", answering(rules, tumour, liver))
    (lesion,) = analysis.lesions
    assert lesion.box == (60, 60, 20, 20)
    assert analysis.size_rule.boxes == ((30, 30, 10, 10),)
    assert analysis.slice_score == pytest.approx(0.9, abs=0.01)
    without_rules = analyse(phantom_bytes(), "phantom.png", answering({}, tumour, liver))
    assert len(without_rules.lesions) == len(without_rules.size_rule.boxes) == 3
    assert without_rules.slice_score == pytest.approx(0.95, abs=0.01)


def test_a_measured_chance_takes_the_place_of_the_probability() -> None:
    """With slope 1 and intercept -log 4 the odds become a quarter of what they were."""
    grid = (128, 128)
    liver, tumour = rectangle(grid, 20, 20, 60, 60), 0.8 * rectangle(grid, 30, 30, 10, 10)
    plain = analyse(phantom_bytes(), "phantom.png", answering({}, tumour, liver))
    assert (plain.tumour_chance, plain.sureness, plain.confidence_measured) == (None, None, False)
    stated = plain.lesions[0].confidence
    assert stated == pytest.approx(0.8, abs=0.05)
    quartered = {"kind": "platt", "slope": 1.0, "intercept": -math.log(4), "lowest": 0.0, "highest": 1.0}
    measured = analyse(
        phantom_bytes(),
        "phantom.png",
        answering({"calibration": {"lesion": quartered, "slice": quartered}}, tumour, liver),
    )
    assert measured.confidence_measured
    odds = stated / (1 - stated) / 4
    assert measured.lesions[0].confidence == pytest.approx(odds / (1 + odds))
    assert measured.lesions[0].sureness == "very unsure"
    assert measured.tumour_chance == pytest.approx(0.5, abs=0.01)
    assert measured.sureness in {"unsure", "very unsure"}
    assert any("whether this slice shows a tumour" in warning for warning in measured.warnings)


def test_a_broken_file_is_refused(segmenter: Segmenter) -> None:
    with pytest.raises(BrokenFileError):
        analyse(phantom_bytes()[:3000], "slice.png", segmenter)


@pytest.mark.real_data
@pytest.mark.skipif(not DATA.is_dir(), reason="no data folder; set LIVER_DATA to one")
def test_large_tumours_of_people_never_trained_on_are_found(segmenter: Segmenter) -> None:
    """Of each held-out person the slice with the largest outlined tumour, where that covers 1 % of the slice."""
    held = set(segmenter.card.training["people_held_out"])
    largest: dict[str, dict[str, str]] = {}
    with (DATA / "manifest.csv").open() as file:
        for row in csv.DictReader(file):
            if row["patient"] in held and row["labels"] == "liver+tumour" and int(row["tumour_px"]) > 655:
                best = largest.setdefault(row["patient"], row)
                if int(row["tumour_px"]) > int(best["tumour_px"]):
                    largest[row["patient"]] = row
    assert largest
    for row in largest.values():
        analysis = analyse((DATA / "images" / f"{row['name']}.png").read_bytes(), f"{row['name']}.png", segmenter)
        assert analysis.tumour_detected, row["name"]
        assert analysis.size_rule.stage is not None
        assert analysis.labels.shape == (256, 256)
        assert analysis.seconds > 0
