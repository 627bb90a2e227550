"""Writes a model folder: Keras weights, the ONNX twin that serves, and the card that names both."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import onnxruntime

from TumorApp.imaging.card import ModelCard, read_card, sha256_of, write_card
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.records import Float32
from TumorApp.learning.builders import build_member, build_network, join_members
from TumorApp.learning.checkpoints import read_weights

TOLERANCE = 1e-4
"""Largest difference of any probability between Keras and its twin that is accepted."""
PROOF_SLICES = 8
TWIN_BACKEND = "tensorflow"
"""The Keras backend that the pinned exporter, tf2onnx, works with."""


def write_model(network: keras.Model, card: ModelCard, out: Path) -> ModelCard:
    """Write weights, twin and card of a network; the folder changes only once all three are proven.

    Under another Keras backend than TensorFlow there is nothing that could write the twin: weights and card are
    written without it, and ``export_twin`` adds it later (``can_write_twin``).

    Args:
        network: Built by ``learning.builders``; its optimizer state is not kept.
        card: Everything but ``files``.
        out: The model folder.

    Returns:
        The card as written.

    Raises:
        ModelError: If the twin differs from Keras by more than ``TOLERANCE``; nothing is written then.
    """
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".writing-") as name:
        folder = Path(name)
        weights, twin = folder / f"{card.name}.weights.h5", folder / f"{card.name}.onnx"
        # A rebuilt network has no optimizer, whose state would make the file three times as big.
        fresh = build_network(card)
        fresh.set_weights(network.get_weights())
        fresh.save_weights(weights)
        if can_write_twin():
            _write_twin(fresh, twin, card)
        card = replace(card, files={path.name: sha256_of(path) for path in (weights, twin) if path.is_file()})
        write_card(card, folder)
        out.mkdir(exist_ok=True)
        for path in sorted(folder.iterdir()):
            shutil.move(path, out / path.name)
    return card


def write_members(members: Sequence[keras.Model | Path], card: ModelCard, out: Path) -> ModelCard:
    """Write one model folder from networks that were trained apart and answer together.

    Args:
        members: Networks of the card's kind, or files of their weights (``.weights.h5``, or ``.npz`` as a run folder
            keeps them), in the order of ``card.training["folds"]``.
        card: Everything but ``files`` and ``members``.
        out: The model folder.

    Returns:
        The card as written, with ``members`` set.

    Raises:
        ModelError: As ``write_model`` does.
    """
    card = replace(card, members=len(members))
    networks = [_load_member(member, card) if isinstance(member, Path) else member for member in members]
    return write_model(networks[0] if len(networks) == 1 else join_members(networks), card, out)


def load_keras(folder: Path) -> tuple[keras.Model, ModelCard]:
    """Return the Keras network of a model folder, all members side by side, and its card.

    Raises:
        ModelError: If the weights are missing or not those of the card.
    """
    card = read_card(folder)
    path = folder / card.file_ending(".weights.h5")
    if not path.is_file() or sha256_of(path) != card.files[path.name]:
        raise ModelError(f"The weights {path} are missing or not those that the card describes.")
    network = build_network(card)
    network.load_weights(path)
    return network, card


def export_twin(folder: Path) -> ModelCard:
    """Write the ONNX twin of a model folder anew from its Keras weights, and return the card as written.

    Raises:
        ModelError: As ``load_keras`` and ``write_model`` do, or if this Keras backend has no exporter.
    """
    if not can_write_twin():
        raise ModelError(
            f"Keras runs on {keras.config.backend()} here, for which no ONNX exporter is installed. "
            f"Set KERAS_BACKEND={TWIN_BACKEND} and export again; the weights are the same under every backend."
        )
    network, card = load_keras(folder)
    return write_model(network, card, folder)


def can_write_twin() -> bool:
    """Whether the Keras backend in use is the one that the ONNX exporter works with."""
    return bool(keras.config.backend() == TWIN_BACKEND)


def largest_difference(network: keras.Model, twin: Path, card: ModelCard) -> float:
    """Return the largest difference of any probability between Keras and the twin, on phantoms and on noise."""
    rng = np.random.default_rng(0)
    slices = [prepare(draw_phantom(seed).grey.astype(np.float32), card) for seed in range(PROOF_SLICES)]
    noise = rng.uniform(-1, 1, (PROOF_SLICES, card.input_size, card.input_size, len(card.inputs))).astype(np.float32)
    session = onnxruntime.InferenceSession(twin, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    worst = 0.0
    for prepared in (*slices, *noise):
        batch: Float32 = prepared[np.newaxis]
        expected = np.asarray(keras.ops.convert_to_numpy(network(batch, training=False)))
        (answer,) = session.run(None, {name: batch})
        worst = max(worst, float(np.max(np.abs(expected - np.asarray(answer)))))
    return worst


def _write_twin(network: keras.Model, twin: Path, card: ModelCard) -> None:
    # The exporter wants a called network.
    network(np.zeros((1, card.input_size, card.input_size, len(card.inputs)), np.float32))
    network.export(twin, format="onnx", verbose=False)
    difference = largest_difference(network, twin, card)
    if not difference <= TOLERANCE:
        raise ModelError(f"The ONNX twin differs from Keras by {difference:.2g}, more than {TOLERANCE:.0e}.")


def _load_member(path: Path, card: ModelCard) -> keras.Model:
    network = build_member(card)
    if path.suffix == ".npz":
        network.set_weights(read_weights(path))
    else:
        network.load_weights(path)
    return network
