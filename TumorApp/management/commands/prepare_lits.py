"""``manage.py prepare_lits``: NIfTI volumes in, a data folder out."""

from __future__ import annotations

from argparse import ArgumentTypeError
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser


class Command(BaseCommand):
    """Turn a download of LiTS or of the Medical Segmentation Decathlon into a data folder."""

    help = (
        "Turn NIfTI volumes of LiTS or of the Medical Segmentation Decathlon (Task03_Liver, Task08_HepaticVessel) into "
        "a data folder to train on. It needs room for one unpacked volume besides."
    )
    requires_system_checks: list[str] = []  # a missing model is no obstacle to preparing data

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("source", type=Path, metavar="SRC", help="folder with the volumes somewhere inside")
        parser.add_argument("out", type=Path, metavar="OUT", help="data folder to write; it must not exist yet")
        parser.add_argument(
            "--window",
            type=_window,
            action="append",
            metavar="LOW,HIGH",
            help="Hounsfield units shown as black and white, written --window=-160,240 (the default); given several "
            "times, each slice is shown in one of them by chance",
        )
        parser.add_argument("--all-windows", action="store_true", help="show each slice in every window instead")
        parser.add_argument("--every", type=int, default=1, metavar="N", help="take each N-th slice")
        parser.add_argument(
            "--margin", type=int, default=3, help="slices above and below the liver to take (default: %(default)s)"
        )
        parser.add_argument(
            "--empty",
            type=float,
            default=0.1,
            metavar="SHARE",
            help="share of the slices further away to take, 0 to 1 (default: %(default)s)",
        )
        parser.add_argument("--size", type=int, help="reduce slices to this many pixels a side, such as 256")
        parser.add_argument("--people", type=Path, metavar="CSV", help="columns volume, patient: who lies in several")
        parser.add_argument("--seed", type=int, default=2018, help="of all chance (default: %(default)s)")
        parser.add_argument(
            "--trust-files", action="store_true", help="never mirror a volume whose liver lies on the wrong side"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Convert and report."""
        from TumorApp.learning.conversion import Selection, convert
        from TumorApp.learning.downloads import check_people, find_volumes, read_people
        from TumorApp.learning.volumes import VolumeError

        try:
            chosen = Selection(
                windows=tuple(options["window"] or Selection().windows),
                all_windows=options["all_windows"],
                every=options["every"],
                margin=options["margin"],
                empty_share=options["empty"],
                size=options["size"],
                seed=options["seed"],
                trust_files=options["trust_files"],
            )
            volumes = find_volumes(options["source"])
            people = read_people(options["people"]) if options["people"] else {}
            check_people(people, volumes)
            slices = convert(volumes, options["out"], chosen, people, self.stderr.write)
        except (VolumeError, ValueError, OSError) as error:
            raise CommandError(str(error)) from error
        persons = len({people.get(volume.name, volume.name) for volume in volumes})
        self.stdout.write(f"Wrote {slices} slices of {len(volumes)} volumes, {persons} people, to {options['out']}.")


def _window(text: str) -> tuple[float, float]:
    try:
        low, high = (float(part) for part in text.split(","))
    except ValueError:
        raise ArgumentTypeError("a window is written like -160,240") from None
    return low, high
