from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.learning.folders import write_data_folder
from tests.phantoms import analysis
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning import evaluation
from TumorApp.learning.dataset import read_labels, read_manifest
from TumorApp.learning.evaluation import evaluate

MODEL = Path(__file__).parents[2] / "model" / "dilated_unet"
ROWS = [("a1", "a", "liver+tumour"), ("a2", "a", "liver+tumour"), ("b1", "b", "liver"), ("c1", "c", "tumour")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_data_folder(tmp_path / "data", ROWS)
    empty = read_labels(read_manifest(folder)[1]).clip(0, 1)
    Image.fromarray(empty).save(folder / "masks" / "a2.png")
    return folder


@pytest.fixture
def answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Labels that the network is made to answer, by slice; the truth unless a test changes them."""
    labels = {f"{record.name}.png": read_labels(record) for record in read_manifest(folder)}
    monkeypatch.setattr(
        evaluation, "analyse", lambda content, name, segmenter: analysis(labels=labels[name], seconds=0.5)
    )
    return labels


def test_the_truth_scores_one(folder: Path, answers: dict[str, np.ndarray]) -> None:
    scores = evaluate(read_manifest(folder), MODEL)
    for structure in ("liver", "tumour"):
        assert scores[structure]["dice_pooled"] == scores[structure]["dice_by_person"] == 1
    assert scores["tumour_by_slice"] == {"found": 2, "missed": 0, "clean": 1, "wrongly_marked": 0}
    assert scores["seconds_a_slice"] == 0.5


def test_each_structure_counts_only_where_it_is_labelled(folder: Path, answers: dict[str, np.ndarray]) -> None:
    answers["b1.png"] = np.where(answers["b1.png"] == 1, 2, 0).astype(np.uint8)  # tumour, where nobody outlined it
    answers["c1.png"] = np.where(answers["c1.png"] == 2, 2, 0).astype(np.uint8)  # no liver, where nobody outlined it
    scores = evaluate(read_manifest(folder), MODEL)
    assert (scores["liver"]["slices"], scores["tumour"]["slices"]) == (3, 3)
    assert scores["liver"]["dice_pooled"] == scores["tumour"]["dice_pooled"] == 1


def test_empty_masks_are_counted_apart_and_never_as_one(folder: Path, answers: dict[str, np.ndarray]) -> None:
    answers["a1.png"] = answers["a1.png"].clip(0, 1)
    scores = evaluate([r for r in read_manifest(folder) if r.patient == "a"], MODEL)
    assert scores["tumour"]["both_empty_slices"] == 1
    assert scores["tumour"]["dice_by_slice"] == 0
    assert scores["tumour"]["precision_pooled"] is None
    assert scores["tumour_by_slice"] == {"found": 0, "missed": 1, "clean": 1, "wrongly_marked": 0}


def test_people_weigh_alike(folder: Path, answers: dict[str, np.ndarray]) -> None:
    answers["c1.png"] = answers["c1.png"].clip(0, 1)
    tumour = evaluate(read_manifest(folder), MODEL)["tumour"]
    assert tumour["person_dice"] == {"a": 1, "c": 0}
    assert tumour["dice_by_person"] == 0.5


def test_the_real_network_is_what_is_scored(folder: Path) -> None:
    scores = evaluate(read_manifest(folder)[:1], MODEL)
    assert scores["slices"] == 1
    assert load_segmenter(MODEL).card.name == "dilated_unet"
    assert scores["seconds_a_slice"] > 0
