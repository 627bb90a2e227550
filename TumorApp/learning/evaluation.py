"""Scores a model against outlined slices, through the same function that answers an upload."""

from __future__ import annotations

import io
import math
import statistics
import zlib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.metrics import mean_defined
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.records import Uint8
from TumorApp.imaging.segmentation import Segmenter, load_segmenter
from TumorApp.learning.agreement import agreement, deviation
from TumorApp.learning.changes import apply_change
from TumorApp.learning.dataset import DataFolderError, Record, people_of, read_grey, read_labels
from TumorApp.learning.scoring import LOWEST, ScoredSlice, plain, score_slice
from TumorApp.learning.tumour_scores import (
    calibration,
    clean_liver,
    lesion_scores,
    slice_counts,
    slice_level,
    tumour_burden,
)

CHANGE_SEED = 2018
"""Of chance in changed slices. Each slice adds its name, so that a part of the data changes as the whole does."""
FOLD_FIGURES = ("dice_pooled", "dice_by_person", "dice_by_slice")


def evaluate(
    records: Sequence[Record],
    folder: Path,
    progress: Callable[[int], None] = lambda done: None,
    *,
    change: str | None = None,
    cross_validated: bool = False,
) -> dict[str, Any]:
    """Score a model on labelled slices, each structure only where the labels cover it.

    Args:
        records: Slices to score.
        folder: The model folder.
        progress: Called with the number of slices done.
        change: One of ``changes.CHANGES``, applied to every slice and its outlines before the slice is analysed.
        cross_validated: Score the people of each fold that the card names with the one member that never saw them;
            slices of other people are left out.

    Returns:
        Plain values, described in ``docs/models.md``. What does not exist is None.

    Raises:
        ModelError: If the model cannot be used, or names no folds where it is to be cross-validated.
        DataFolderError: If a mask does not fit its slice, or no slice is left to score.
    """
    segmenter = load_segmenter(folder)
    members = held_out_members(segmenter.card) if cross_validated else {}
    if cross_validated:
        records = [record for record in records if record.patient in members]
    if not records:
        raise DataFolderError("No slice is left to score: the data folder has none of the people asked for.")
    slices = []
    for done, record in enumerate(records, start=1):
        answering = segmenter.only(members[record.patient]) if cross_validated else segmenter
        slices.append(_score(record, answering, change))
        progress(done)
    scores = summarise(slices)
    scores["change"] = change
    scores["cross_validated"] = cross_validated
    return {**scores, **_by_fold(slices, members)} if cross_validated else scores


def held_out_members(card: ModelCard) -> dict[str, int]:
    """Return, for each person of a fold, the member that was trained without them.

    Raises:
        ModelError: If the card names no folds, or not one a member.
    """
    folds = card.training.get("folds", ())
    if not folds or len(folds) != card.members:
        raise ModelError(
            f"The card of {card.name} names {len(folds)} folds of people for {card.members} members; without one fold "
            "a member the model cannot be scored by cross-validation."
        )
    return {person: member for member, people in enumerate(folds) for person in people}


def _score(record: Record, segmenter: Segmenter, change: str | None) -> ScoredSlice:
    path = record.folder / "images" / f"{record.name}.png"
    content, truth = _changed(record, change) if change else (path.read_bytes(), read_labels(record))
    return score_slice(record, analyse(content, path.name, segmenter), truth)


def _changed(record: Record, change: str) -> tuple[bytes, Uint8]:
    """Return a changed slice as the bytes of an 8-bit PNG file, as it would be uploaded, and its changed labels."""
    rng = np.random.default_rng([CHANGE_SEED, zlib.crc32(record.name.encode())])
    grey, labels = apply_change(change, read_grey(record), read_labels(record), record, rng)
    file = io.BytesIO()
    Image.fromarray(grey.astype(np.uint8)).save(file, "PNG")
    return file.getvalue(), labels


def summarise(slices: Sequence[ScoredSlice]) -> dict[str, Any]:
    """Return the figures of some scored slices, at least one, as plain values."""
    seconds = [one.seconds for one in slices]
    return {
        "slices": len(slices),
        "people": len(people_of(one.record for one in slices)),
        **{structure: agreement(slices, structure) for structure in LOWEST},
        "tumour_by_slice": slice_counts(slices),
        "slice_level": slice_level(slices),
        "clean_liver": clean_liver(slices),
        "lesions": lesion_scores(slices),
        "tumour_burden": tumour_burden(slices),
        "calibration": calibration(slices),
        "seconds_a_slice": plain(statistics.median(seconds)),
        "seconds_a_slice_95": plain(float(np.percentile(seconds, 95))),
    }


def _by_fold(slices: Sequence[ScoredSlice], members: Mapping[str, int]) -> dict[str, Any]:
    """Score each fold by itself, and give mean and sample standard deviation over folds."""
    folds = []
    for member in sorted(set(members.values())):
        own = [one for one in slices if members[one.record.patient] == member]
        values: dict[str, Any] = {"slices": len(own), "people": len(people_of(one.record for one in own))}
        for structure in LOWEST:
            scores = agreement(own, structure)
            values[structure] = {figure: scores[figure] for figure in FOLD_FIGURES}
        values["clean_liver_share"] = clean_liver(own)["share"]
        folds.append(values)
    spread = {
        structure: {figure: _spread([fold[structure][figure] for fold in folds]) for figure in FOLD_FIGURES}
        for structure in LOWEST
    }
    share = _spread([fold["clean_liver_share"] for fold in folds])
    return {"folds": folds, "over_folds": {**spread, "clean_liver_share": share}}


def _spread(values: Sequence[float | None]) -> dict[str, float | None]:
    defined = [math.nan if value is None else value for value in values]
    return {"mean": plain(mean_defined(defined)), "deviation": plain(deviation(defined))}
