"""The log of a training: a table with one row an epoch, and its curves beside it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

LOG_FILE = "training.csv"
PLOT_FILE = "training.png"
FIGURE_INCHES, FIGURE_DPI = (9.0, 8.0), 100


def write_log(rows: Sequence[dict[str, Any]], folder: Path) -> None:
    """Write ``training.csv`` and ``training.png``.

    Args:
        rows: One an epoch, in order: ``phase``, ``epoch``, ``learning_rate``, ``seconds``, ``loss`` and figures by
            name; ``stage`` where several trainings follow each other.
        folder: To write into.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    waiting = folder / f"{LOG_FILE}.tmp"
    with waiting.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    waiting.replace(folder / LOG_FILE)
    draw_curves(rows, folder / PLOT_FILE)


def draw_curves(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Draw loss, scores and learning rate over the epochs into a PNG; a dotted line begins each phase."""
    figure = Figure(figsize=FIGURE_INCHES, dpi=FIGURE_DPI, layout="constrained")
    FigureCanvasAgg(figure)  # otherwise matplotlib looks for a screen
    above, middle, below = figure.subplots(3, 1, sharex=True, height_ratios=(3, 3, 1))
    names = list(dict.fromkeys(name for row in rows for name in row))
    _draw(above, rows, [name for name in names if "loss" in name], "loss")
    _draw(middle, rows, [name for name in names if name.endswith(("dice", "accuracy"))], "score")
    _draw(below, rows, ["learning_rate"], "learning rate")
    below.set_yscale("log")
    below.set_xlabel("epoch")
    figure.savefig(path, format="png")


def _draw(panel: Axes, rows: Sequence[dict[str, Any]], names: Sequence[str], title: str) -> None:
    for name in names:
        points = [(number, row[name]) for number, row in enumerate(rows, start=1) if row.get(name) is not None]
        panel.plot(*zip(*points, strict=True), marker=".", label=name)
    begins = [(row.get("stage"), row.get("phase")) for row in rows]
    for number in range(1, len(rows)):
        if begins[number] != begins[number - 1]:
            panel.axvline(number + 0.5, color="grey", linestyle=":", linewidth=1)
    panel.set_ylabel(title)
    if len(names) > 1:
        panel.legend(fontsize="small")
