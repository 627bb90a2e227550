"""``manage.py train``: a data folder in, a model folder out."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.card import DEFAULT_MODEL, ModelCard
from TumorApp.imaging.errors import ModelError

PHASES = "grid:window:epochs:learning-rate, comma-separated"


class Command(BaseCommand):
    """Train a network and write weights, ONNX twin and card together."""

    help = "Train a network on a data folder; writes weights, ONNX twin, log and card into a model folder."
    requires_system_checks: list[str] = []  # a missing model is no obstacle to making one

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--data", type=Path, required=True, help="data folder: images/, masks/, manifest.csv")
        parser.add_argument("--out", type=Path, required=True, help="model folder to write, such as model/mine")
        parser.add_argument("--network", default=DEFAULT_MODEL, help="network to train (default: %(default)s)")
        parser.add_argument("--notice", default="", help="origin, licence and attribution of the data, for the card")
        parser.add_argument(
            "--recipe",
            choices=("plan", "original"),
            default="plan",
            help="original: as the original application was trained, for dilated_unet alone (default: %(default)s)",
        )
        parser.add_argument(
            "--structure",
            choices=("liver", "tumour"),
            help="with --recipe original: what the masks outline (default: liver, as the original's did)",
        )
        self._add_people(parser.add_argument_group("people"))
        self._add_plan(parser.add_argument_group("plan; what is not given is the network's own"))
        begin = parser.add_mutually_exclusive_group()
        begin.add_argument("--resume", action="store_true", help="go on with an interrupted training of --out")
        begin.add_argument("--restart", action="store_true", help="put an interrupted training aside and begin anew")

    def _add_people(self, group: Any) -> None:
        group.add_argument(
            "--hold-out", type=_share, help="share of people never trained on (default: 0.2; 0 with --folds)"
        )
        group.add_argument(
            "--folds",
            type=int,
            default=0,
            help="train this many members, each without the people of its own fold; they answer together",
        )
        group.add_argument(
            "--validation",
            type=_share,
            default=0.0,
            help="share of the people left who choose the best weights and are not trained on (default: none, and the "
            "weights of the last epoch)",
        )
        group.add_argument("--patience", type=int, help="epochs without a best one after which a phase ends")
        group.add_argument("--split-seed", type=int, default=0, help="chooses the people (default: %(default)s)")

    def _add_plan(self, group: Any) -> None:
        group.add_argument("--phases", type=_phases, help=PHASES)
        group.add_argument(
            "--foundation",
            type=_phases,
            help=f"phases before these on people without outlined tumours: {PHASES}, or none",
        )
        group.add_argument("--steps", type=int, help="batches an epoch")
        group.add_argument("--batch-size", type=int, help="slices a batch")
        group.add_argument("--seed", type=int, help="seed of the training")
        group.add_argument(
            "--mixed-precision",
            choices=("auto", "on", "off"),
            default="auto",
            help="half precision; auto: where Keras has a GPU (default: %(default)s)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one training."""
        # Keras takes seconds to import; other commands should not wait for it.
        from TumorApp.learning.callbacks import TrainingError
        from TumorApp.learning.checkpoints import RunError
        from TumorApp.learning.dataset import DataFolderError

        train = _train_original if options["recipe"] == "original" else _train_by_plan
        try:
            card = train(options)
        except (DataFolderError, ModelError, RunError, TrainingError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Wrote {', '.join(card.files)} and card.json to {options['out']}.")
        if not any(name.endswith(".onnx") for name in card.files):
            self.stdout.write(
                "Keras does not run on TensorFlow here, and only there the ONNX twin can be written. Without it the "
                f"model neither serves nor can be scored. Write it with KERAS_BACKEND=tensorflow and: manage.py "
                f"export_model {card.name}"
            )


def _train_by_plan(options: dict[str, Any]) -> ModelCard:
    from TumorApp.learning.members import Split
    from TumorApp.learning.pipeline import train_model
    from TumorApp.learning.plans import adapt, plan_for
    from TumorApp.learning.precision import wants_mixed

    if options["structure"]:
        raise CommandError("--structure belongs to --recipe original; a plan trains liver and tumour together.")
    if options["patience"] is not None and not options["validation"]:
        raise CommandError("--patience needs people to judge by: give a share of them with --validation.")
    names = ("phases", "foundation", "steps", "batch_size", "seed", "patience")
    given = {name: options[name] for name in names if options[name] is not None}
    given["mixed_precision"] = wants_mixed(options["mixed_precision"])
    share = options["hold_out"]
    if share is None:
        share = 0.0 if options["folds"] else 0.2
    return train_model(
        options["data"],
        options["out"],
        adapt(plan_for(options["network"]), **given),
        Split(share, options["validation"], options["folds"], options["split_seed"]),
        notice=options["notice"],
        begin="resume" if options["resume"] else "restart" if options["restart"] else "new",
        verbose=_verbose(options["verbosity"]),
    )


def _train_original(options: dict[str, Any]) -> ModelCard:
    from TumorApp.learning.recipes import train_original

    fixed = ("hold_out", "folds", "validation", "patience", "phases", "foundation", "steps", "batch_size", "seed")
    given = [f"--{name.replace('_', '-')}" for name in (*fixed, "resume", "restart") if options[name]]
    if given:
        raise CommandError(
            f"--recipe original has its own numbers and is trained in one go: leave out {', '.join(given)}."
        )
    if options["network"] != "dilated_unet":
        raise CommandError("--recipe original trains the original's network: add --network dilated_unet.")
    return train_original(
        options["data"],
        options["out"],
        structure=options["structure"] or "liver",
        notice=options["notice"],
        verbose=_verbose(options["verbosity"]),
    )


def _verbose(verbosity: int) -> int:
    """How Keras tells of progress: not at all, by a bar on a terminal, or by a line an epoch in a file."""
    if not verbosity:
        return 0
    return 1 if sys.stdout.isatty() else 2


def _share(text: str) -> float:
    try:
        share = float(text)
    except ValueError:
        share = -1.0
    if not 0 <= share <= 1:
        raise ArgumentTypeError(f"a share is a number from 0 to 1, not {text!r}")
    return share


def _phases(text: str) -> Any:
    from TumorApp.learning.plans import Phase

    if text == "none":
        return ()
    try:
        rows = [part.split(":") for part in text.split(",")]
        numbers = [(int(grid), int(window), int(epochs), float(rate)) for grid, window, epochs, rate in rows]
    except ValueError:
        raise ArgumentTypeError("phases are written like 64:64:16:5e-4,128:128:2:1e-4") from None
    try:
        return tuple(Phase(*row) for row in numbers)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from None
