"""``manage.py choose``: from probability to mask and chance, on people whom the network never saw."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.card import DEFAULT_MODEL, write_card
from TumorApp.imaging.errors import ModelError, SliceError
from TumorApp.imaging.segmentation import load_segmenter

EVERY = 100
"""Slices between two lines of progress."""


class Command(BaseCommand):
    """Choose thresholds, smallest sizes and calibration of a model, and write them into its card."""

    help = (
        "Choose from which probability on something counts, how large it must be, and what a confidence means, on "
        "outlined slices of people whom the network never saw; writes the choice into the card and takes the scores "
        "out of it, which were those of other rules."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--data", type=Path, required=True, help="data folder: images/, masks/, manifest.csv")
        parser.add_argument("--model", default=DEFAULT_MODEL, help="folder in model/ (default: %(default)s)")
        parser.add_argument("--json", type=Path, help="file for the report as JSON")
        parser.add_argument("--keep-card", action="store_true", help="only report; leave the card as it is")
        flips = parser.add_mutually_exclusive_group()
        flips.add_argument(
            "--flip-average", action="store_true", default=None, help="also show each slice mirrored, from now on"
        )
        flips.add_argument(
            "--no-flip-average", action="store_false", dest="flip_average", help="no longer show slices mirrored"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Answer, choose, report and write."""
        from TumorApp.learning.answering import answer
        from TumorApp.learning.choosing import choose
        from TumorApp.learning.dataset import DataFolderError, read_manifest

        folder = settings.MODEL_DIR / options["model"]
        try:
            segmenter = load_segmenter(folder)
            if options["flip_average"] is not None:
                segmenter = replace(segmenter, card=replace(segmenter.card, flip_average=options["flip_average"]))
            cases = answer(read_manifest(options["data"]), segmenter, self._progress())
            card, report = choose(cases, segmenter.card)
        except (DataFolderError, ModelError, SliceError) as error:
            raise CommandError(str(error)) from error
        text = json.dumps(report, indent=2, ensure_ascii=False)
        if options["json"]:
            options["json"].write_text(text + "\n", encoding="utf-8")
        self.stdout.write(text)
        if not options["keep_card"]:
            write_card(card, folder)
            self.stderr.write(f"Wrote the choice into the card of {card.name}; score the model anew.")

    def _progress(self) -> Callable[[int], None]:
        def tell(done: int) -> None:
            if done % EVERY == 0:
                self.stderr.write(f"{done} slices answered")

        return tell
