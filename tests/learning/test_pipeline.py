"""A model folder from a data folder: training, export, card and scores in one run."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.imaging.card import ModelCard, read_card
from TumorApp.learning import export, pipeline
from TumorApp.learning.checkpoints import RunError
from TumorApp.learning.dataset import DataFolderError, read_manifest
from TumorApp.learning.evaluation import evaluate
from TumorApp.learning.members import Split
from TumorApp.learning.pipeline import train_model
from TumorApp.learning.plans import Phase, Plan

pytestmark = pytest.mark.usefixtures("narrow_networks")

SHORT = Plan("dilated_unet", phases=(Phase(32, 32, 1, 1e-3),), steps=2, batch_size=2)
FOLDED = replace(SHORT, network="compact_unet", foundation=SHORT.phases)
WRITTEN = ["card.json", "small.onnx", "small.weights.h5", "training.csv", "training.png"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_folder(tmp_path_factory.mktemp("folder") / "data", EIGHT)


@pytest.fixture(scope="module")
def model(narrow_networks: None, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "small"
    train_model(data, out, SHORT, Split(hold_out=0.3), notice="Drawn.", verbose=0)
    return out


@pytest.fixture
def card(model: Path) -> ModelCard:
    return read_card(model)


def test_weights_twin_log_and_card_are_there(model: Path, card: ModelCard) -> None:
    assert sorted(path.name for path in model.iterdir()) == WRITTEN
    assert (card.name, card.network, card.input_size, card.training["data"]) == ("small", "dilated_unet", 32, "Drawn.")
    assert [path.name for path in model.parent.iterdir()] == ["small"]


def test_the_card_scores_only_people_held_out(card: ModelCard) -> None:
    held = card.training["people_held_out"]
    assert held
    assert not set(held) & set(card.training["people"])
    assert set(card.scores["liver"]["person_dice"]) == set(held)
    assert "evaluate" in card.scores["command"]


def test_the_card_says_on_whom_the_network_was_trained(card: ModelCard) -> None:
    people = card.training["people"]
    assert card.limits[0].startswith(f"Trained on {len(people)} people, of whom ")
    assert card.training["split"] == {"hold_out": 0.3, "validation": 0.0, "folds": 0, "seed": 0}


def test_the_card_is_strict_json(model: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads((model / "card.json").read_text(), parse_constant=refuse)


def test_members_are_trained_written_and_scored_each_on_its_own_fold(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "small"
    card = train_model(data, out, FOLDED, Split(hold_out=0, folds=2), verbose=0)
    assert card == read_card(out)
    assert sorted(path.name for path in out.iterdir()) == WRITTEN
    assert (card.members, card.inputs, len(card.training["folds"])) == (2, ("grey", "equalised"), 2)
    crossed = evaluate(read_manifest(data), out, cross_validated=True)
    assert card.scores["tumour"] == crossed["tumour"]
    assert set(card.scores["tumour"]["person_dice"]) == {"person0", "person1", "person2"}
    assert [fold["people"] for fold in card.scores["folds"]] == [len(fold) for fold in card.training["folds"]]
    assert "--cross-validated" in card.scores["command"]
    with (out / "training.csv").open() as file:
        assert [row["stage"] for row in csv.DictReader(file)] == ["foundation", "member0", "member1"]


def test_an_interrupted_run_goes_on_where_it_was(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = tmp_path / "small"
    everybody = Split(hold_out=0)
    with monkeypatch.context() as patch:
        patch.setattr(pipeline, "write_members", lambda *given: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            train_model(data, out, SHORT, everybody, verbose=0)
    assert not out.exists()
    with pytest.raises(RunError, match="--resume"):
        train_model(data, out, SHORT, everybody, verbose=0)
    with pytest.raises(RunError, match="differs in steps"):
        train_model(data, out, replace(SHORT, steps=3), everybody, begin="resume", verbose=0)
    card = train_model(data, out, SHORT, everybody, begin="resume", verbose=0)
    assert card.scores == {}  # nobody was held out
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_under_another_backend_the_twin_is_left_for_later(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (export, pipeline):
        monkeypatch.setattr(module, "can_write_twin", lambda: False)
    card = train_model(data, tmp_path / "small", SHORT, Split(hold_out=0.3), verbose=0)
    assert list(card.files) == ["small.weights.h5"]
    assert card.scores == {}
    assert card.training["people_held_out"]


def test_holding_everybody_out_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="left to train"):
        train_model(data, tmp_path / "none", SHORT, Split(hold_out=1), verbose=0)
    assert list(tmp_path.iterdir()) == []
