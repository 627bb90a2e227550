"""Scores a model on people whom it never saw, and writes the figures with their command into its card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from TumorApp.imaging.card import ModelCard, read_card, write_card
from TumorApp.learning.dataset import Record, read_manifest
from TumorApp.learning.evaluation import evaluate, held_out_members

FULLY_LABELLED = "liver+tumour"
CHANGED_FIGURES = {
    "liver": ("dice_pooled", "dice_by_person", "dice_by_slice"),
    "tumour": ("dice_pooled", "dice_by_person"),
    "clean_liver": ("share",),
    "slice_level": ("sensitivity",),
}
"""What the card keeps of the scores on changed slices."""


def score(
    folder: Path,
    data: Path,
    progress: Callable[[int], None] = lambda done: None,
    *,
    change: str | None = None,
) -> dict[str, Any]:
    """Score a model and write the figures into its card.

    Where the card names folds, the fully labelled slices of their people are scored, each person by the one member that
    never saw them; otherwise all slices of the people held out.

    Args:
        folder: The model folder.
        data: Data folder.
        progress: Called with the number of slices done.
        change: One of ``changes.CHANGES``; the key figures then go beside the scores, as ``changes``.

    Returns:
        All figures, as ``evaluation.evaluate`` returns them.

    Raises:
        ModelError: If the model cannot be used.
        DataFolderError: If the data folder is not as documented, or has nobody whom the model never saw.
    """
    card = read_card(folder)
    crossed = "folds" in card.training
    scores = evaluate(unseen(read_manifest(data), card), folder, progress, change=change, cross_validated=crossed)
    command = _command(card, crossed)
    if change:
        kept = {name: {figure: scores[name][figure] for figure in figures} for name, figures in CHANGED_FIGURES.items()}
        changes = card.scores.get("changes", {})
        entry = {"command": f"{command} --change {change}", **kept}
        written = {**card.scores, "changes": {**changes, change: entry}}
    else:
        how = (
            "Each person of a fold by the one member that was trained without the fold"
            if crossed
            else "On people held out from training"
        )
        written = {"how": f"{how}; slices on their own grid, by the ONNX twin.", "command": command, **scores}
        if "changes" in card.scores:  # of the same rules: whoever changes these empties the scores
            written["changes"] = card.scores["changes"]
    write_card(replace(card, scores=written), folder)
    return scores


def unseen(records: Sequence[Record], card: ModelCard) -> list[Record]:
    """Return the slices by which a model is scored: of people of its folds, fully labelled, or of those held out."""
    if "folds" in card.training:
        people = held_out_members(card)
        return [record for record in records if record.patient in people and record.labels == FULLY_LABELLED]
    held = set(card.training.get("people_held_out", ()))
    return [record for record in records if record.patient in held]


def _command(card: ModelCard, crossed: bool) -> str:
    option = f"--cross-validated --labels {FULLY_LABELLED}" if crossed else "--held-out"
    return f"python manage.py evaluate --data DATA --model {card.name} {option}"
