"""``manage.py evaluate``: how good a model is on outlined slices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.card import DEFAULT_MODEL, read_card
from TumorApp.imaging.errors import ModelError, SliceError

EVERY = 100
"""Slices between two lines of progress."""


class Command(BaseCommand):
    """Score a model on a data folder."""

    help = "Score a model on a data folder, each structure only where the manifest says that it is labelled."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--data", type=Path, required=True, help="data folder: images/, masks/, manifest.csv")
        parser.add_argument("--model", default=DEFAULT_MODEL, help="folder in model/ (default: %(default)s)")
        parser.add_argument("--json", type=Path, help="file for the scores as JSON")
        parser.add_argument(
            "--held-out", action="store_true", help="only people that the model's card names as held out"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Score and report."""
        from TumorApp.learning.dataset import DataFolderError, read_manifest
        from TumorApp.learning.evaluation import evaluate

        folder = settings.MODEL_DIR / options["model"]
        try:
            records = read_manifest(options["data"])
            if options["held_out"]:
                held = set(read_card(folder).training.get("people_held_out", ()))
                records = [record for record in records if record.patient in held]
            if not records:
                raise CommandError("The data folder has no slice of a person that the card holds out.")
            scores = evaluate(records, folder, self._progress(len(records)))
        except (DataFolderError, ModelError, SliceError) as error:
            raise CommandError(str(error)) from error
        text = json.dumps(scores, indent=2)
        if options["json"]:
            options["json"].write_text(text + "\n", encoding="utf-8")
        self.stdout.write(text)

    def _progress(self, total: int) -> Any:
        def tell(done: int) -> None:
            if done % EVERY == 0:
                self.stderr.write(f"{done} of {total} slices")

        return tell
