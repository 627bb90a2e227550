"""Weights, twin and card are written together, agree, and carry nothing that they should not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tests.phantoms import card as card_with
from tests.phantoms import phantom_bytes
from TumorApp.imaging.card import ModelCard, read_card, sha256_of
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning import export
from TumorApp.learning.builders import build_network
from TumorApp.learning.export import (
    TOLERANCE,
    export_twin,
    largest_difference,
    load_keras,
    write_members,
    write_model,
)
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


def test_members_are_written_into_one_folder_and_any_of_them_can_answer_alone(tmp_path: Path) -> None:
    card = card_with(name="both", network="compact_unet", input_size=SIZE, inputs=("grey", "equalised"))
    members = []
    for seed in range(2):
        keras.utils.set_random_seed(seed)
        members.append(build_network(card))
    members[0].save_weights(tmp_path / "first.weights.h5")
    np.savez(tmp_path / "second.npz", *members[1].get_weights())
    written = write_members([tmp_path / "first.weights.h5", tmp_path / "second.npz"], card, tmp_path / "both")
    assert written == read_card(tmp_path / "both")
    assert written.members == 2

    network, _ = load_keras(tmp_path / "both")
    assert largest_difference(network, tmp_path / "both" / "both.onnx", written) <= TOLERANCE
    prepared = prepare(draw_phantom(0).grey.astype(np.float32), written)
    segmenter = load_segmenter(tmp_path / "both")
    alone = [np.asarray(member(prepared[np.newaxis]))[0] for member in members]
    assert np.abs(alone[0] - alone[1]).max() > 0.05
    for number, expected in enumerate(alone):
        answer = np.moveaxis(segmenter.only(number).probabilities(prepared), 0, -1)
        np.testing.assert_allclose(answer, 255 * expected, atol=0.55)
    np.testing.assert_allclose(
        np.moveaxis(segmenter.probabilities(prepared), 0, -1), 255 * (alone[0] + alone[1]) / 2, atol=0.55
    )


def test_one_member_is_a_model_like_any_other(model: Path, tmp_path: Path) -> None:
    network, card = load_keras(model)
    written = write_members([network], replace(card, name="one"), tmp_path / "one")
    assert written.members == 1
    assert written.files["one.weights.h5"] == card.files["small.weights.h5"]


def test_without_an_exporter_weights_and_card_are_written_and_the_twin_later(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network, card = load_keras(model)
    with monkeypatch.context() as patch:
        patch.setattr(export.keras.config, "backend", lambda: "jax")
        without = write_model(network, card, tmp_path / "small")
        assert sorted(path.name for path in (tmp_path / "small").iterdir()) == ["card.json", "small.weights.h5"]
        with pytest.raises(ModelError, match=r"runs on jax here.*KERAS_BACKEND=tensorflow"):
            export_twin(tmp_path / "small")
    whole = export_twin(tmp_path / "small")
    assert set(whole.files) == {"small.onnx", *without.files}
