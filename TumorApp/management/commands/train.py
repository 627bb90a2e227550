"""``manage.py train``: a data folder in, a model folder out."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.card import DEFAULT_MODEL
from TumorApp.imaging.errors import ModelError


class Command(BaseCommand):
    """Train a network and write weights, ONNX twin and card together."""

    help = "Train a network on a data folder; writes weights, ONNX twin and card into a model folder."
    requires_system_checks: list[str] = []  # a missing model is no obstacle to making one

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--data", type=Path, required=True, help="data folder: images/, masks/, manifest.csv")
        parser.add_argument("--out", type=Path, required=True, help="model folder to write, such as model/mine")
        parser.add_argument("--network", default=DEFAULT_MODEL, help="network to train (default: %(default)s)")
        parser.add_argument(
            "--phases",
            type=_phases,
            help="comma-separated grid:window:epochs:learning-rate, in order (default: the shipped model's)",
        )
        parser.add_argument("--steps", type=int, default=64, help="batches an epoch (default: %(default)s)")
        parser.add_argument("--batch-size", type=int, default=16, help="slices a batch (default: %(default)s)")
        parser.add_argument("--seed", type=int, default=2018, help="seed of the training (default: %(default)s)")
        parser.add_argument(
            "--hold-out", type=float, default=0.2, help="share of people never trained on (default: %(default)s)"
        )
        parser.add_argument("--split-seed", type=int, default=0, help="chooses these people (default: %(default)s)")
        parser.add_argument("--notice", default="", help="origin, licence and attribution of the data, for the card")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run one training."""
        # Keras takes seconds to import; other commands should not wait for it.
        from TumorApp.learning import pipeline
        from TumorApp.learning.dataset import DataFolderError
        from TumorApp.learning.training import DEFAULT_PHASES, Plan

        plan = Plan(
            network=options["network"],
            phases=options["phases"] or DEFAULT_PHASES,
            steps=options["steps"],
            batch_size=options["batch_size"],
            seed=options["seed"],
        )
        try:
            card = pipeline.train_model(
                options["data"],
                options["out"],
                plan,
                hold_out_share=options["hold_out"],
                split_seed=options["split_seed"],
                notice=options["notice"],
                verbose=min(2, options["verbosity"]),
            )
        except (DataFolderError, ModelError, ValueError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Wrote {', '.join(card.files)} and card.json to {options['out']}.")


def _phases(text: str) -> Any:
    from TumorApp.learning.training import Phase

    try:
        rows = [part.split(":") for part in text.split(",")]
        return tuple(Phase(int(grid), int(window), int(epochs), float(rate)) for grid, window, epochs, rate in rows)
    except ValueError:
        raise ArgumentTypeError("phases are written like 64:64:16:5e-4,128:128:2:1e-4") from None
