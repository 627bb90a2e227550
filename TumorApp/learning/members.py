"""The trainings behind one model: a foundation, and on it one network or one for each fold of people."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import keras

from TumorApp.learning.checkpoints import Progress, Weights
from TumorApp.learning.dataset import DataFolderError, Record, people_of
from TumorApp.learning.plans import Plan
from TumorApp.learning.splitting import folds, hold_out
from TumorApp.learning.training import Training, train_network

MEMBER_SEEDS = 100
"""From the seed of the foundation to that of the first member, and on to the next, so that members differ in more than
their people; a plan has fewer phases."""


@dataclass(frozen=True, slots=True)
class Split:
    """How people are dealt.

    Attributes:
        hold_out: Share of people never trained on, 0..1; scores are measured on them.
        validation: Share of the people left who choose among weights but are not trained on, 0..1.
        folds: Members of the model, each trained without the people of its own fold; 0 for a single network.
        seed: Chooses the people.
    """

    hold_out: float = 0.2
    validation: float = 0.0
    folds: int = 0
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse to hold people out twice.

        Raises:
            ValueError: If people would be held out both by share and by fold.
        """
        if self.folds and self.hold_out:
            raise ValueError("With folds every outlined person is held out once; hold out no share besides.")


@dataclass(frozen=True, slots=True)
class Trained:
    """What the trainings of one model left.

    Attributes:
        networks: Its members; one where there are no folds.
        training: Who was trained on, for the card.
        rows: The log of all trainings, one after the other.
    """

    networks: list[keras.Model]
    training: dict[str, Any]
    rows: list[dict[str, Any]]


def train_members(records: Sequence[Record], plan: Plan, split: Split, run: Path, *, verbose: int = 1) -> Trained:
    """Train the foundation, if the plan has one, and every network of a model.

    Where everybody's liver and tumours are outlined, as in the full LiTS and Decathlon downloads, nobody is left for a
    foundation that all members could share; its phases then come first in the training of each.

    Args:
        records: Of the whole data folder.
        plan: For each of them; members differ in their seeds.
        split: How people are dealt.
        run: Folder in which each training keeps its state.
        verbose: As in Keras.

    Raises:
        DataFolderError: If nobody is left to train on.
        ValueError: If people are too few for that many folds.
        RunError: If the folder keeps another training.
        TrainingError: If a loss is no number any more.
    """
    training, held = hold_out(records, split.hold_out, split.seed)
    if not training:
        raise DataFolderError("Nobody is left to train on; hold out a smaller share.")
    dealt = folds(training, split.folds, split.seed) if split.folds else []
    stages: dict[str, Training] = {}
    start: Weights | None = None
    if plan.foundation and not _outside_folds(training):
        plan = replace(plan, foundation=(), phases=(*plan.foundation, *plan.phases))
    if plan.foundation:
        stages["foundation"] = _foundation(training, plan, split, run)
        start = train_network(stages["foundation"], verbose=verbose).get_weights()
    networks = []
    for number, fold in enumerate(dealt or [[]]):
        stage = f"member{number}" if dealt else "network"
        seed = plan.seed + MEMBER_SEEDS * (number + 1) if dealt else plan.seed
        own = replace(plan, foundation=(), seed=seed)
        stages[stage] = _training(_without(training, fold), own, split, run / stage, start)
        networks.append(train_network(stages[stage], verbose=verbose))
    return Trained(networks, _people(training, held, dealt, stages), _rows(stages))


def _foundation(training: Sequence[Record], plan: Plan, split: Split, run: Path) -> Training:
    own = replace(plan, phases=plan.foundation, foundation=())
    return _training(_outside_folds(training), own, split, run / "foundation", None)


def _outside_folds(training: Sequence[Record]) -> list[Record]:
    """Slices of people who can be in no fold: those of whom nobody outlined both liver and tumours."""
    outlined = people_of(record for record in training if record.labels == "liver+tumour")
    return _without(training, outlined)


def _training(records: Sequence[Record], plan: Plan, split: Split, folder: Path, start: Weights | None) -> Training:
    # Another seed than the one that held people out: the same would choose among the rest by the same order.
    rest, validation = hold_out(records, split.validation, split.seed + 1)
    if not rest:
        raise DataFolderError(f"Nobody is left to train the {folder.name} on: see its people, folds and validation.")
    return Training(rest, plan, folder, validation, start)


def _without(records: Sequence[Record], people: Collection[str]) -> list[Record]:
    return [record for record in records if record.patient not in people]


def _people(
    training: Sequence[Record], held: Sequence[Record], dealt: list[list[str]], stages: Mapping[str, Training]
) -> dict[str, Any]:
    """Values of the card: whoever changed a weight, whoever chose among weights, and whoever did neither."""
    trained = [record for stage in stages.values() for record in stage.records]
    values: dict[str, Any] = {
        "slices": len({(record.folder, record.name) for record in trained}),
        "people": list(people_of(trained)),
        "people_held_out": list(people_of(held)),
    }
    validation = {stage: list(people_of(one.validation)) for stage, one in stages.items() if one.validation}
    if validation:
        values["people_of_validation"] = validation
    if dealt:
        values["folds"] = dealt
    return values


def _rows(stages: Mapping[str, Training]) -> list[dict[str, Any]]:
    return [
        {"stage": stage, **row}
        for stage, training in stages.items()
        for row in Progress(training.folder, training.identity()).state.rows
    ]
