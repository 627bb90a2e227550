"""The original's own training, kept to compare with.

Source of every number: the original Django application, as recorded in ``docs/fidelity.md``. Everything else in
``learning`` trains by a ``Plan``, splits by person and judges on people never seen; this splits by slice, as the
original did, so that neighbouring slices of one person lie on both sides of the split.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.preprocessing import normalise, pad_to_square, to_network_grid
from TumorApp.imaging.records import LIVER, TUMOUR, Float32
from TumorApp.learning.builders import network_module
from TumorApp.learning.dataset import DataFolderError, Record, people_of, read_grey, read_labels, read_manifest
from TumorApp.learning.export import write_model
from TumorApp.learning.importing import (
    INPUT_SIZE,
    NETWORK,
    NORMALISATION,
    ORIGINAL_CHANNELS,
    original_card,
)
from TumorApp.learning.journal import PLOT_FILE, draw_curves
from TumorApp.learning.losses import dice_coefficient, dice_loss

STRUCTURES = {"liver": LIVER, "tumour": TUMOUR}
"""What a mask may outline, and the smallest value of a data folder's mask that belongs to it."""
MASK_LEVEL = 127
"""Of a mask in 0..255 after cubic interpolation; what is brighter is inside."""
SEED = 2018
SET_ASIDE = 0.1
VALIDATION = 0.2
BATCH_SIZE = 64
EPOCHS = 20
LEARNING_RATE = 1e-4
HISTORY_FILE = "history.json"
"""The original kept its history as a pickle, and a pickle runs whatever somebody puts into it; numbers need none."""
HOW = (
    "On the tenth of the slices that was set aside, on the 128×128 grid, as the original measured itself: smoothed "
    "Dice by batch, and pixel accuracy, which is mostly background. The slices are neighbours of those trained on: "
    "these figures say nothing about new people."
)
INTENDED_USE = (
    "Comparison with the original's method only. "
    "Not a medical device; not for diagnosis or for decisions about treatment."
)


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Slices and masks as the original's network sees them.

    Attributes:
        slices: ``(N, 128, 128, 1) float32``, about -1..1.
        masks: ``(N, 128, 128, 1) float32``, 0 or 1.
    """

    slices: Float32
    masks: Float32

    def chosen(self, indices: NDArray[np.int64]) -> tuple[Float32, Float32]:
        """Return slices and masks of some indices."""
        return self.slices[indices], self.masks[indices]


def train_original(data: Path, out: Path, *, structure: str = "liver", notice: str = "", verbose: int = 1) -> ModelCard:
    """Train the dilated U-Net as the original was trained, and write a model folder.

    The original's masks outline the liver, whatever it calls them, and so they do here by default. Masks of a data
    folder hold 0, 1 and 2; they become the original's 0 and 255 by ``structure``. Either way the one output channel is
    called tumour, as ``import_weights`` calls it, so that the application boxes and stages what the network marks.

    Args:
        data: Data folder; slices whose labels do not cover the structure are left out.
        out: Model folder to write; ``history.json`` and ``training.png`` lie beside the model's own files.
        structure: ``"liver"``, tumours included, or ``"tumour"``.
        notice: Origin, licence and attribution of the data, for the card.
        verbose: As in Keras.

    Returns:
        The card as written, which says what its figures do not mean.

    Raises:
        DataFolderError: If the data folder is not as documented, or has too few slices to split.
        ModelError: If the ONNX twin does not agree with Keras.
    """
    records = [record for record in read_manifest(data) if record.covers(structure)]
    parts = split_by_slice(len(records))
    if not all(len(part) for part in parts):
        raise DataFolderError(f"{data} has too few slices with the {structure} outlined to split: {len(records)}.")
    pairs = load_pairs(records, structure)
    training, validation, aside = (pairs.chosen(part) for part in parts)
    keras.utils.set_random_seed(SEED)
    network = network_module(NETWORK).build(channels=1, size=INPUT_SIZE)
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".writing-") as folder:
        history = _fit(network, training, validation, Path(folder) / "best.weights.h5", verbose)
    figures = network.evaluate(*aside, batch_size=BATCH_SIZE, verbose=0, return_dict=True)
    card = write_model(network, _card(out.name, structure, notice, records, parts, figures), out)
    (out / HISTORY_FILE).write_text(json.dumps(history, indent=1) + "\n", encoding="utf-8")
    draw_curves(_rows(history), out / PLOT_FILE)
    return card


def split_by_slice(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Split slices regardless of whose they are, with the original's seed.

    Returns:
        Indices of four fifths of nine tenths to train on, of one fifth of nine tenths to validate, and of the tenth
        that is set aside.
    """
    order = np.random.default_rng(SEED).permutation(count)
    aside = round(SET_ASIDE * count)
    validation = round(VALIDATION * (count - aside))
    return order[aside + validation :], order[aside : aside + validation], order[:aside]


def load_pairs(records: Sequence[Record], structure: str) -> Pairs:
    """Read slices and masks on the original's grid, both by cubic interpolation; a mask is what lies above 127 then."""
    grey = np.empty((len(records), INPUT_SIZE, INPUT_SIZE), np.float32)
    masks = np.empty((len(records), INPUT_SIZE, INPUT_SIZE), np.float32)
    for index, record in enumerate(records):
        grey[index] = to_network_grid(read_grey(record), INPUT_SIZE)
        inside = pad_to_square(read_labels(record)) >= STRUCTURES[structure]
        outlined = np.where(inside, np.uint8(255), np.uint8(0))
        masks[index] = cv2.resize(outlined, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_CUBIC) > MASK_LEVEL
    return Pairs(normalise(grey, NORMALISATION)[..., np.newaxis], masks[..., np.newaxis])


def _fit(
    network: keras.Model,
    training: tuple[Float32, Float32],
    validation: tuple[Float32, Float32],
    best: Path,
    verbose: int,
) -> dict[str, list[float]]:
    """Train, leave the weights with the lowest validation loss in the network, and return the history."""
    network.compile(
        optimizer=keras.optimizers.Adam(LEARNING_RATE),
        loss=dice_loss,
        metrics=[keras.metrics.MeanMetricWrapper(dice_coefficient, name="dice"), keras.metrics.BinaryAccuracy()],
        jit_compile=keras.config.backend() == "jax",
    )
    fitted = network.fit(
        *training,
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        validation_data=validation,
        callbacks=[keras.callbacks.ModelCheckpoint(best, save_best_only=True, save_weights_only=True)],
        verbose=verbose,
    )
    network.load_weights(best)
    return {name: [float(value) for value in values] for name, values in fitted.history.items()}


def _rows(history: dict[str, list[float]]) -> list[dict[str, Any]]:
    """Turn the history into rows of a log."""
    columns = {"learning_rate": [LEARNING_RATE] * len(history["loss"]), **history}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def _card(
    name: str,
    structure: str,
    notice: str,
    records: Sequence[Record],
    parts: Sequence[NDArray[np.int64]],
    figures: dict[str, float],
) -> ModelCard:
    slices = dict(zip(("training", "validation", "set_aside"), (len(part) for part in parts), strict=True))
    return original_card(
        name,
        ORIGINAL_CHANNELS,
        training={
            "data": notice,
            "recipe": "original",
            "structure": structure,
            "split": "by slice, not by person",
            "seed": SEED,
            "slices": slices,
            "people": list(people_of(records)),
            "people_held_out": [],
        },
        scores={"how": HOW, **{figure: round(float(value), 4) for figure, value in figures.items()}},
        intended_use=INTENDED_USE,
        limits=(
            f"Trained to mark the {structure}; its one channel is called tumour, as the original called it.",
            "Split by slice, as the original was: it is scored on people it was trained on, which says nothing about "
            "new people.",
            "It has no channel for the liver: the affected percentage refers to the whole slice.",
        ),
    )
