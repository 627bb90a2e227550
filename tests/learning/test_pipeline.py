"""A model folder from a data folder: training, export, card and scores in one run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.imaging.card import ModelCard, read_card
from TumorApp.learning.dataset import DataFolderError
from TumorApp.learning.pipeline import train_model
from TumorApp.learning.training import Phase, Plan

pytestmark = pytest.mark.usefixtures("narrow_networks")

SHORT = Plan(phases=(Phase(32, 32, 1, 1e-3),), steps=2, batch_size=2)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_folder(tmp_path_factory.mktemp("folder") / "data", EIGHT)


@pytest.fixture(scope="module")
def model(narrow_networks: None, data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("model") / "small"
    train_model(data, out, SHORT, hold_out_share=0.3, split_seed=0, notice="Drawn.", verbose=0)
    return out


@pytest.fixture
def card(model: Path) -> ModelCard:
    return read_card(model)


def test_weights_twin_log_and_card_are_there(model: Path, card: ModelCard) -> None:
    assert sorted(path.name for path in model.iterdir()) == [
        "card.json",
        "small.onnx",
        "small.weights.h5",
        "training.csv",
    ]
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


def test_the_card_is_strict_json(model: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads((model / "card.json").read_text(), parse_constant=refuse)


def test_holding_everybody_out_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="left to train"):
        train_model(data, tmp_path / "none", SHORT, hold_out_share=1, split_seed=0, verbose=0)
    assert list(tmp_path.iterdir()) == []
