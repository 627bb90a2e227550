"""From a data folder to a model folder: the stages of training, in order."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

from TumorApp.imaging.card import ModelCard, read_card, write_card
from TumorApp.learning.dataset import CHANNELS, DataFolderError, Record, people_of, read_manifest
from TumorApp.learning.evaluation import evaluate
from TumorApp.learning.export import write_model
from TumorApp.learning.splitting import hold_out
from TumorApp.learning.training import LOG_FILE, Plan, train_network

THRESHOLD = 0.5
"""The sigmoid's natural middle; chosen before any held-out slice was looked at."""
SMALLEST_LESION_PX = 6
"""On the 128×128 grid about 60 mm² at a field of view of 400 mm, a disc of 9 mm; smaller regions are mostly noise."""
WINDOW_HU = (-160.0, 240.0)
INTENDED_USE = (
    "Research and teaching: a second look at axial abdominal CT slices in a soft-tissue window. "
    "Not a medical device; not for diagnosis or for decisions about treatment."
)
LIMITS = (
    "Expect missed tumours and false findings, small lesions above all; the scores say how many.",
    "Knows axial slices turned, mirrored and windowed like those trained on; what it makes of others is not known.",
    "Whatever looks like a tumour may be marked as one: cysts, abscesses, fat.",
    "Single slices only: it does not see the neighbouring slices as a reader does.",
)


def train_model(
    data: Path, out: Path, plan: Plan, *, hold_out_share: float, split_seed: int, notice: str = "", verbose: int = 1
) -> ModelCard:
    """Split by person, train, write the model folder, and score it on the people held out.

    Args:
        data: Data folder.
        out: Model folder to write; its name is the model's.
        plan: How to train.
        hold_out_share: Share of people kept apart, 0..1.
        split_seed: Chooses them.
        notice: Origin, licence and attribution of the data, for the card.
        verbose: As in Keras.

    Returns:
        The card as written.

    Raises:
        DataFolderError: If the data folder is not as documented, or nobody is left to train on.
        ModelError: If the ONNX twin does not agree with Keras.
    """
    records = read_manifest(data)
    training, held = hold_out(records, hold_out_share, split_seed)
    if not training:
        raise DataFolderError(f"Nobody in {data} is left to train on; hold out a smaller share.")
    work = out.with_name(f".{out.name}.training")
    network = train_network(training, plan, work, verbose=verbose)
    card = _card(out.name, plan, notice, training, held)
    card = replace(card, training={**card.training, "split_seed": split_seed, "hold_out_share": hold_out_share})
    write_model(network, card, out)
    shutil.move(work / LOG_FILE, out / LOG_FILE)
    shutil.rmtree(work)
    return score(out, data) if held else read_card(out)


def score(folder: Path, data: Path) -> ModelCard:
    """Score a model on the people that its card holds out, and write the figures into the card."""
    card = read_card(folder)
    held = set(card.training["people_held_out"])
    records = [record for record in read_manifest(data) if record.patient in held]
    scores = {
        "how": "On people held out from training and from its choices; slices on their own grid, by the ONNX twin.",
        "command": f"python manage.py evaluate --data DATA --model {card.name} --held-out",
        **evaluate(records, folder),
    }
    card = replace(card, scores=scores)
    write_card(card, folder)
    return card


def _card(name: str, plan: Plan, notice: str, training: list[Record], held: list[Record]) -> ModelCard:
    source: dict[str, Any] = {
        "data": notice,
        "plan": plan.as_values(),
        "slices": len(training),
        "people": list(people_of(training)),
        "people_held_out": list(people_of(held)),
    }
    return ModelCard(
        name=name,
        version="1.0.0",
        network=plan.network,
        input_size=plan.input_size,
        resize="bicubic",
        window_hu=WINDOW_HU,
        normalisation=plan.normalisation,
        channels=CHANNELS,
        thresholds=dict.fromkeys(CHANNELS, THRESHOLD),
        smallest_lesion_px=SMALLEST_LESION_PX,
        training=source,
        intended_use=INTENDED_USE,
        limits=(_evidence_sentence(training), *LIMITS),
    )


def _evidence_sentence(training: list[Record]) -> str:
    outlined = people_of(record for record in training if record.covers("tumour"))
    return f"Trained on {len(people_of(training))} people, of whom {len(outlined)} have their tumours outlined."
