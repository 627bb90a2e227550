"""``manage.py evaluate``: how good a model is on outlined slices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.card import DEFAULT_MODEL, read_card
from TumorApp.imaging.errors import ModelError, SliceError

if TYPE_CHECKING:
    from TumorApp.learning.dataset import Record

EVERY = 100
"""Slices between two lines of progress."""
STANDARD_OUTPUT = Path("-")


class Command(BaseCommand):
    """Score a model on a data folder."""

    help = "Score a model on a data folder, each structure only where the manifest says that it is labelled."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        from TumorApp.learning.changes import CHANGES
        from TumorApp.learning.dataset import LABELS

        parser.add_argument("--data", type=Path, required=True, help="data folder: images/, masks/, manifest.csv")
        parser.add_argument("--model", default=DEFAULT_MODEL, help="folder in model/ (default: %(default)s)")
        parser.add_argument(
            "--json", type=Path, help="file for all figures as JSON; - prints them instead of the table"
        )
        unseen = parser.add_mutually_exclusive_group()
        unseen.add_argument(
            "--held-out", action="store_true", help="only people that the model's card names as held out"
        )
        unseen.add_argument(
            "--cross-validated",
            action="store_true",
            help="only people of the card's folds, each scored by the one member that never saw them",
        )
        unseen.add_argument(
            "--write-card",
            action="store_true",
            help="score the people whom the model never saw, as its card says, and write the figures into the card",
        )
        parser.add_argument("--people", default="", help="only these people, as in the manifest, separated by commas")
        parser.add_argument("--labels", choices=LABELS, help="only slices whose mask covers just this")
        parser.add_argument(
            "--change", choices=tuple(CHANGES), help="change every slice and its outlines before it is analysed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Score and report."""
        from TumorApp.learning.dataset import DataFolderError
        from TumorApp.learning.reporting import summary

        if options["write_card"] and (options["people"] or options["labels"]):
            raise CommandError("The card takes the figures of all people whom the model never saw, not of some.")
        try:
            scores = self._score(settings.MODEL_DIR / options["model"], options)
        except (DataFolderError, ModelError, SliceError) as error:
            raise CommandError(str(error)) from error
        text = json.dumps(scores, indent=2, ensure_ascii=False)
        if options["json"] == STANDARD_OUTPUT:
            self.stdout.write(text)
            return
        if options["json"]:
            options["json"].write_text(text + "\n", encoding="utf-8")
        self.stdout.write(summary(scores))

    def _score(self, folder: Path, options: dict[str, Any]) -> dict[str, Any]:
        from TumorApp.learning import scorecard
        from TumorApp.learning.evaluation import evaluate

        if options["write_card"]:
            return scorecard.score(folder, options["data"], self._progress(), change=options["change"])
        return evaluate(
            self._records(folder, options),
            folder,
            self._progress(),
            change=options["change"],
            cross_validated=options["cross_validated"],
        )

    def _records(self, folder: Path, options: dict[str, Any]) -> list[Record]:
        """Read the manifest and keep what the options ask for; people that it does not list are an error."""
        from TumorApp.learning.dataset import people_of, read_manifest
        from TumorApp.learning.evaluation import held_out_members

        records = read_manifest(options["data"])
        if options["held_out"]:
            held = set(read_card(folder).training.get("people_held_out", ()))
            records = [record for record in records if record.patient in held]
            if not records:
                raise CommandError("The data folder has no slice of a person that the card holds out.")
        if options["cross_validated"]:
            members = held_out_members(read_card(folder))
            records = [record for record in records if record.patient in members]
        if options["labels"]:
            records = [record for record in records if record.labels == options["labels"]]
        if options["people"]:
            asked = {person.strip() for person in options["people"].split(",")}
            unknown = asked - set(people_of(records))
            if unknown:
                raise CommandError(f"Nothing to score of {', '.join(sorted(unknown))} in the data folder.")
            records = [record for record in records if record.patient in asked]
        return records

    def _progress(self) -> Any:
        def tell(done: int) -> None:
            if done % EVERY == 0:
                self.stderr.write(f"{done} slices")

        return tell
