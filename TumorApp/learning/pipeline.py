"""From a data folder to a model folder: the stages of training, in order."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path

from TumorApp.imaging.card import ModelCard, read_card
from TumorApp.learning.checkpoints import open_run
from TumorApp.learning.dataset import CHANNELS, Record, people_of, read_manifest
from TumorApp.learning.export import can_write_twin, write_members
from TumorApp.learning.journal import write_log
from TumorApp.learning.members import Split, Trained, train_members
from TumorApp.learning.plans import Plan
from TumorApp.learning.scorecard import score

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


def run_folder(out: Path) -> Path:
    """Return where the training of a model folder keeps its state until the model is written."""
    return out.with_name(f".{out.name}.training")


def train_model(
    data: Path, out: Path, plan: Plan, split: Split, *, notice: str = "", begin: str = "new", verbose: int = 1
) -> ModelCard:
    """Split by person, train, write the model folder, and score it on people whom it never saw.

    Args:
        data: Data folder.
        out: Model folder to write; its name is the model's.
        plan: How to train.
        split: How people are dealt.
        notice: Origin, licence and attribution of the data, for the card.
        begin: ``"new"``, ``"resume"`` or ``"restart"``, as ``checkpoints.open_run`` takes it.
        verbose: As in Keras.

    Returns:
        The card as written; without scores where nobody was held out, or where the twin, by which a model is scored,
        could not be written.

    Raises:
        DataFolderError: If the data folder is not as documented, or nobody is left to train on.
        RunError: If the run folder is not as ``begin`` says, or keeps another training.
        TrainingError: If a loss is no number any more.
        ModelError: If the ONNX twin does not agree with Keras.
    """
    records = read_manifest(data)
    run = run_folder(out)
    open_run(run, begin)
    trained = train_members(records, plan, split, run, verbose=verbose)
    card = _card(out.name, plan, notice, records, trained)
    card = replace(card, training={**card.training, "split": asdict(split)})
    card = write_members(trained.networks, card, out)
    write_log(trained.rows, out)
    if can_write_twin() and (split.folds or trained.training["people_held_out"]):
        score(out, data)
        card = read_card(out)
    shutil.rmtree(run)
    return card


def _card(name: str, plan: Plan, notice: str, records: Sequence[Record], trained: Trained) -> ModelCard:
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
        inputs=plan.inputs,
        training={"data": notice, "plan": plan.as_values(), **trained.training},
        intended_use=INTENDED_USE,
        limits=(_evidence_sentence(records, trained), *LIMITS),
    )


def _evidence_sentence(records: Sequence[Record], trained: Trained) -> str:
    people = set(trained.training["people"])
    outlined = people_of(record for record in records if record.patient in people and record.covers("tumour"))
    return f"Trained on {len(people)} people, of whom {len(outlined)} have their tumours outlined."
