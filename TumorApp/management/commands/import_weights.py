"""``manage.py import_weights``: the original's weights into a model folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.errors import ModelError


class Command(BaseCommand):
    """Take the original's weights over."""

    help = "Take the original's Keras 2 weights, cnn_weights.hdf5, into a model folder: weights, ONNX twin and card."
    requires_system_checks: list[str] = []  # a missing model is no obstacle to importing one

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("file", type=Path, metavar="FILE", help="weights of the original, such as cnn_weights.hdf5")
        parser.add_argument(
            "--out", type=Path, required=True, metavar="DIR", help="model folder, such as model/original"
        )
        parser.add_argument(
            "--channels",
            nargs="+",
            choices=("liver", "tumour"),
            default=["tumour"],
            help="what its output channels are called, in order (default: tumour, so that what the original's one "
            "channel marks is boxed and staged as it was there, though its training masks outline the liver)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Import and report."""
        from TumorApp.learning.importing import import_model

        try:
            card = import_model(options["file"], options["out"], options["channels"])
        except ModelError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Wrote {', '.join(card.files)} and card.json to {options['out']}.")
