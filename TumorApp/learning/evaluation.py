"""Scores a model against outlined slices, through the same function that answers an upload."""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from TumorApp.imaging.metrics import Overlap, mean_defined, overlap, pooled
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.records import LIVER, TUMOUR
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning.dataset import Record, read_labels

LOWEST = {"liver": LIVER, "tumour": TUMOUR}
"""Smallest label value that belongs to each structure: a liver includes its tumours."""


def evaluate(
    records: Sequence[Record], folder: Path, progress: Callable[[int], None] = lambda done: None
) -> dict[str, Any]:
    """Score a model on labelled slices, each structure only where the labels cover it.

    Args:
        records: Slices to score.
        folder: The model folder.
        progress: Called with the number of slices done.

    Returns:
        Plain values: by structure Dice, IoU, precision and recall (pooled over all pixels; as a mean over people, each
        pooled; Dice as a mean over slices), and how tumours were found slice by slice. What does not exist is None.
    """
    segmenter = load_segmenter(folder)
    overlaps: dict[str, list[tuple[Record, Overlap]]] = {structure: [] for structure in LOWEST}
    seconds = []
    for done, record in enumerate(records, start=1):
        path = record.folder / "images" / f"{record.name}.png"
        analysis = analyse(path.read_bytes(), path.name, segmenter)
        truth = read_labels(record)
        seconds.append(analysis.seconds)
        for structure, lowest in LOWEST.items():
            if record.covers(structure):
                overlaps[structure].append((record, overlap(analysis.labels >= lowest, truth >= lowest)))
        progress(done)
    return {
        "slices": len(records),
        "people": len({record.patient for record in records}),
        **{structure: _structure_scores(rows) for structure, rows in overlaps.items()},
        "tumour_by_slice": _slice_scores([found for _, found in overlaps["tumour"]]),
        "seconds_a_slice": _plain(statistics.median(seconds) if seconds else math.nan),
    }


def _structure_scores(rows: Sequence[tuple[Record, Overlap]]) -> dict[str, Any]:
    by_person: dict[str, list[Overlap]] = defaultdict(list)
    for record, counted in rows:
        by_person[record.patient].append(counted)
    people = {person: pooled(own) for person, own in sorted(by_person.items())}
    whole = pooled(counted for _, counted in rows)
    return {
        "slices": len(rows),
        "people": len(people),
        "dice_pooled": _plain(whole.dice),
        "dice_by_person": _plain(mean_defined(own.dice for own in people.values())),
        "dice_by_slice": _plain(mean_defined(counted.dice for _, counted in rows)),
        "iou_pooled": _plain(whole.iou),
        "precision_pooled": _plain(whole.precision),
        "recall_pooled": _plain(whole.recall),
        "both_empty_slices": sum(not counted.predicted and not counted.true for _, counted in rows),
        "person_dice": {person: _plain(own.dice) for person, own in people.items()},
    }


def _slice_scores(counted: Iterable[Overlap]) -> dict[str, int]:
    """Count slices by whether a tumour is outlined and whether one was marked; overlap is not asked for."""
    cells = {"found": 0, "missed": 0, "clean": 0, "wrongly_marked": 0}
    for one in counted:
        if one.true:
            cells["found" if one.predicted else "missed"] += 1
        else:
            cells["wrongly_marked" if one.predicted else "clean"] += 1
    return cells


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else round(value, 4)
