"""A model folder from a data folder: training, export, card and scores in one run."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest

from tests.learning.folders import EIGHT, write_data_folder
from tests.phantoms import phantom_bytes
from TumorApp.imaging.card import ModelCard, read_card, sha256_of
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning import export
from TumorApp.learning.dataset import DataFolderError
from TumorApp.learning.export import TOLERANCE, export_twin, largest_difference, load_keras, write_model
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


def test_the_card_is_strict_json(model: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    json.loads((model / "card.json").read_text(), parse_constant=refuse)


def test_weights_carry_no_optimizer(model: Path) -> None:
    with h5py.File(model / "small.weights.h5") as file:
        assert "optimizer" not in file


def test_the_twin_agrees_and_serves(model: Path, card: ModelCard) -> None:
    network, _ = load_keras(model)
    assert largest_difference(network, model / "small.onnx", card) <= TOLERANCE
    analysis = analyse(phantom_bytes(), "phantom.png", load_segmenter(model))
    assert analysis.labels.shape == (256, 256)
    assert analysis.model == "small"


def test_the_twin_can_be_written_anew(model: Path, card: ModelCard) -> None:
    (model / "small.onnx").unlink()
    again = export_twin(model)
    assert sha256_of(model / "small.onnx") == again.files["small.onnx"]
    assert read_card(model) == again
    assert again.files["small.weights.h5"] == card.files["small.weights.h5"]


def test_a_twin_that_differs_is_not_written(
    model: Path, card: ModelCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, _ = load_keras(model)
    network.set_weights([weights + 0.01 for weights in network.get_weights()])
    assert largest_difference(network, model / "small.onnx", card) > TOLERANCE
    monkeypatch.setattr(export, "largest_difference", lambda *given: 2 * TOLERANCE)
    with pytest.raises(ModelError, match="differs"):
        write_model(network, card, tmp_path / "other")
    assert list(tmp_path.iterdir()) == []


def test_altered_keras_weights_are_refused(model: Path, tmp_path: Path, card: ModelCard) -> None:
    (tmp_path / "card.json").write_bytes((model / "card.json").read_bytes())
    (tmp_path / "small.weights.h5").write_bytes(b"other")
    with pytest.raises(ModelError, match="not those"):
        load_keras(tmp_path)


def test_holding_everybody_out_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="left to train"):
        train_model(data, tmp_path / "none", SHORT, hold_out_share=1, split_seed=0, verbose=0)
    assert np.all([path.name != "none" for path in tmp_path.iterdir()])
