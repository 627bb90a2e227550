"""``manage.py detect``: files and folders in, findings, figures and masks out."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.card import DEFAULT_MODEL
from TumorApp.imaging.errors import ModelError, SliceError, UnreadableFileError
from TumorApp.imaging.findings import findings, refusal
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.records import Analysis
from TumorApp.imaging.rendering import figure_png, mask_png
from TumorApp.imaging.segmentation import Segmenter, load_segmenter

ENDINGS = (".png", ".jpg", ".jpeg")
"""What is taken from a folder; a file named by itself is tried whatever its ending."""
STANDARD_OUTPUT = "-"


class Command(BaseCommand):
    """Analyse slices."""

    help = "Analyse CT slices: files, or folders of PNG and JPEG files."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="slice, or folder of slices")
        parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the figure of each slice")
        parser.add_argument(
            "--masks", type=Path, metavar="DIR", help="folder for the mask of each slice: 0 nothing, 1 liver, 2 tumour"
        )
        parser.add_argument("--json", metavar="FILE", help="file for the findings, one object a line; - for the screen")
        parser.add_argument("--model", default=DEFAULT_MODEL, metavar="NAME", help="folder in model/")

    def handle(self, *args: Any, **options: Any) -> None:
        """Analyse every slice; a refused one does not stop the others."""
        paths = list(_slices(options["paths"]))
        if options["out"] or options["masks"]:
            _check_stems(paths)
        try:
            segmenter = load_segmenter(settings.MODEL_DIR / options["model"])
        except ModelError as error:
            raise CommandError(str(error)) from error
        with ExitStack() as stack:
            lines = self._json_output(options["json"], stack)
            refused = sum(not self._analyse(path, segmenter, options, lines) for path in paths)
        if refused:
            self.stderr.write(f"{refused} of {len(paths)} files could not be analysed.")
            sys.exit(1)

    def _analyse(self, path: Path, segmenter: Segmenter, options: dict[str, Any], lines: TextIO | None) -> bool:
        """Analyse one file and write what was asked for; return whether it could be analysed."""
        try:
            analysis = analyse(_read(path), path.name, segmenter)
        except SliceError as error:
            self.stderr.write(f"{path}: {error}")
            if lines:
                _write_line(lines, refusal(error, str(path)))
            return False
        _write_pictures(analysis, path.stem, options["out"], options["masks"])
        if lines:
            _write_line(lines, findings(analysis, str(path)))
        if options["json"] != STANDARD_OUTPUT:
            self.stdout.write(f"{path}: {_sentence(analysis, knows_liver='liver' in segmenter.card.channels)}")
        return True

    def _json_output(self, target: str | None, stack: ExitStack) -> TextIO | None:
        if target == STANDARD_OUTPUT:
            return self.stdout
        return stack.enter_context(Path(target).open("w", encoding="utf-8")) if target else None


def _slices(paths: Iterable[Path]) -> Iterable[Path]:
    """Yield files in the order given, those of a folder sorted by name.

    Raises:
        CommandError: If a path does not exist or a folder holds no slice.
    """
    for path in paths:
        if path.is_dir():
            found = sorted(child for child in path.iterdir() if child.suffix.lower() in ENDINGS)
            if not found:
                raise CommandError(f"{path} holds no PNG or JPEG file.")
            yield from found
        elif path.is_file():
            yield path
        else:
            raise CommandError(f"{path} does not exist.")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableFileError(f"The file cannot be read: {error.strerror}.") from error


def _check_stems(paths: Iterable[Path]) -> None:
    """Refuse two inputs whose outputs would overwrite each other, before anything runs."""
    seen: dict[str, Path] = {}
    for path in paths:
        if path.stem in seen:
            raise CommandError(f"{seen[path.stem]} and {path} would write the same file; rename one of them.")
        seen[path.stem] = path


def _write_pictures(analysis: Analysis, stem: str, figures: Path | None, masks: Path | None) -> None:
    for folder, draw in ((figures, lambda: figure_png(analysis)), (masks, lambda: mask_png(analysis.labels))):
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{stem}.png").write_bytes(draw())


def _write_line(lines: TextIO, values: dict[str, Any]) -> None:
    lines.write(json.dumps(values, ensure_ascii=False) + "\n")


def _sentence(analysis: Analysis, *, knows_liver: bool) -> str:
    sureness = f" ({analysis.sureness})" if analysis.sureness else ""
    if not analysis.tumour_detected:
        return f"{'no tumour found' if analysis.liver_area_px or not knows_liver else 'no liver found'}{sureness}"
    stage = analysis.size_rule.stage
    share = f"{analysis.affected_percent:.1f} % of the {analysis.affected_of}"
    count = len(analysis.lesions)
    size = f"stage {int(stage)}" if stage is not None else "too small for a stage"
    return f"{count} lesion{'s' if count > 1 else ''}, {share}, {size}{sureness}"
