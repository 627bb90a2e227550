"""Writes a model folder: Keras weights, the ONNX twin that serves, and the card that names both."""

from __future__ import annotations

import shutil
import tempfile
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
from TumorApp.learning.training import network_module

TOLERANCE = 1e-4
"""Largest difference of any probability between Keras and its twin that is accepted."""
PROOF_SLICES = 8


def write_model(network: keras.Model, card: ModelCard, out: Path) -> ModelCard:
    """Write weights, twin and card of a network; the folder changes only once all three are proven.

    Args:
        network: Built by ``learning.networks``; its optimizer state is not kept.
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
        fresh = network_module(card.network).build(channels=len(card.channels), size=card.input_size)
        fresh.set_weights(network.get_weights())
        fresh.save_weights(weights)
        fresh(np.zeros((1, card.input_size, card.input_size, 1), np.float32))  # the exporter wants a called network
        fresh.export(twin, format="onnx", verbose=False)
        difference = largest_difference(fresh, twin, card)
        if not difference <= TOLERANCE:
            raise ModelError(f"The ONNX twin differs from Keras by {difference:.2g}, more than {TOLERANCE:.0e}.")
        card = replace(card, files={path.name: sha256_of(path) for path in (weights, twin)})
        write_card(card, folder)
        out.mkdir(exist_ok=True)
        for path in sorted(folder.iterdir()):
            shutil.move(path, out / path.name)
    return card


def load_keras(folder: Path) -> tuple[keras.Model, ModelCard]:
    """Return the Keras network of a model folder, and its card.

    Raises:
        ModelError: If the weights are missing or not those of the card.
    """
    card = read_card(folder)
    path = folder / card.file_ending(".weights.h5")
    if not path.is_file() or sha256_of(path) != card.files[path.name]:
        raise ModelError(f"The weights {path} are missing or not those that the card describes.")
    network = network_module(card.network).build(channels=len(card.channels), size=card.input_size)
    network.load_weights(path)
    return network, card


def export_twin(folder: Path) -> ModelCard:
    """Write the ONNX twin of a model folder anew from its Keras weights, and return the card as written.

    Raises:
        ModelError: As ``load_keras`` and ``write_model`` do.
    """
    network, card = load_keras(folder)
    return write_model(network, card, folder)


def largest_difference(network: keras.Model, twin: Path, card: ModelCard) -> float:
    """Return the largest difference of any probability between Keras and the twin, on phantoms and on noise."""
    rng = np.random.default_rng(0)
    slices = [prepare(draw_phantom(seed).grey.astype(np.float32), card) for seed in range(PROOF_SLICES)]
    noise = rng.uniform(-1, 1, (PROOF_SLICES, card.input_size, card.input_size, 1)).astype(np.float32)
    session = onnxruntime.InferenceSession(twin, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    worst = 0.0
    for prepared in (*slices, *noise):
        batch: Float32 = prepared[np.newaxis]
        expected = np.asarray(keras.ops.convert_to_numpy(network(batch, training=False)))
        (answer,) = session.run(None, {name: batch})
        worst = max(worst, float(np.max(np.abs(expected - np.asarray(answer)))))
    return worst
