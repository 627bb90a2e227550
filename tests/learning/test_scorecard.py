from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.learning.folders import write_data_folder
from TumorApp.imaging.card import ModelCard, read_card, write_card
from TumorApp.imaging.errors import ModelError
from TumorApp.learning.dataset import DataFolderError, read_manifest
from TumorApp.learning.evaluation import evaluate
from TumorApp.learning.scorecard import score, unseen

SHIPPED = Path(__file__).parents[2] / "model" / "dilated_unet"
ROWS = [("a1", "a", "liver+tumour"), ("a2", "a", "liver"), ("b1", "b", "liver+tumour"), ("c1", "c", "liver")]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "data", ROWS)


def model(tmp_path: Path, **training: object) -> Path:
    folder = tmp_path / "mine"
    shutil.copytree(SHIPPED, folder)
    write_card(replace(read_card(folder), name="mine", training=training, scores={}, members=1), folder)
    return folder


def names(data: Path, card: ModelCard) -> list[str]:
    return [record.name for record in unseen(read_manifest(data), card)]


def test_people_held_out_are_scored_with_all_their_slices(data: Path, tmp_path: Path) -> None:
    folder = model(tmp_path, people_held_out=["a"])
    assert names(data, read_card(folder)) == ["a1", "a2"]
    scores = score(folder, data)
    card = read_card(folder)
    assert card.scores["liver"] == scores["liver"]
    assert card.scores["slices"] == 2
    assert card.scores["command"] == "python manage.py evaluate --data DATA --model mine --held-out"


def test_people_of_folds_are_scored_with_their_fully_labelled_slices(data: Path, tmp_path: Path) -> None:
    folder = model(tmp_path, people_held_out=[], folds=[["a", "b"]])
    assert names(data, read_card(folder)) == ["a1", "b1"]
    score(folder, data)
    written = read_card(folder).scores
    assert written["cross_validated"] is True
    assert written["command"].endswith("--cross-validated --labels liver+tumour")


def test_scores_on_changed_slices_stand_beside_the_others(data: Path, tmp_path: Path) -> None:
    folder = model(tmp_path, people_held_out=["a"])
    plain = score(folder, data)
    for change in ("mirrored", "noise"):
        changed = score(folder, data, change=change)
        entry = read_card(folder).scores["changes"][change]
        assert entry["liver"]["dice_pooled"] == changed["liver"]["dice_pooled"]
        assert entry["command"].endswith(f"--held-out --change {change}")
    card = read_card(folder)
    assert set(card.scores["changes"]) == {"mirrored", "noise"}
    assert card.scores["liver"] == plain["liver"]
    score(folder, data)
    assert set(read_card(folder).scores["changes"]) == {"mirrored", "noise"}
    again = evaluate(unseen(read_manifest(data), card), folder, change="noise")
    assert card.scores["changes"]["noise"]["liver"]["dice_pooled"] == again["liver"]["dice_pooled"]


def test_nothing_is_written_where_nobody_is_unseen(data: Path, tmp_path: Path) -> None:
    folder = model(tmp_path, people_held_out=["somebody else"])
    with pytest.raises(DataFolderError):
        score(folder, data)
    assert read_card(folder).scores == {}


def test_folds_that_do_not_fit_the_members_are_refused(data: Path, tmp_path: Path) -> None:
    folder = model(tmp_path, folds=[["a"], ["b"]])
    with pytest.raises(ModelError, match="2 folds"):
        score(folder, data)
