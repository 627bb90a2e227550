"""Weights, twin and card are written together, agree, and carry nothing that they should not."""

from __future__ import annotations

from pathlib import Path

import h5py
import keras
import pytest

from tests.phantoms import card as card_with
from tests.phantoms import phantom_bytes
from TumorApp.imaging.card import ModelCard, read_card, sha256_of
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning import export
from TumorApp.learning.export import TOLERANCE, export_twin, largest_difference, load_keras, write_model
from TumorApp.learning.networks import dilated_unet

SIZE = 32


@pytest.fixture(scope="module")
def model(narrow_networks: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model folder of a compiled network with random weights."""
    keras.utils.set_random_seed(0)
    network = dilated_unet.build(channels=2, size=SIZE)
    network.compile(optimizer="adam", loss="binary_crossentropy")
    network.optimizer.build(network.trainable_variables)
    out = tmp_path_factory.mktemp("model") / "small"
    write_model(network, card_with(name="small", input_size=SIZE), out)
    return out


@pytest.fixture
def card(model: Path) -> ModelCard:
    return read_card(model)


def test_the_folder_holds_weights_twin_and_card_and_nothing_else(model: Path, card: ModelCard) -> None:
    assert sorted(path.name for path in model.iterdir()) == ["card.json", "small.onnx", "small.weights.h5"]
    assert [path.name for path in model.parent.iterdir()] == ["small"]
    assert card.files == {name: sha256_of(model / name) for name in ("small.onnx", "small.weights.h5")}


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
