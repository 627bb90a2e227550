"""Analyses: made from an upload, kept, deleted."""

from __future__ import annotations

import json
import os
import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import transaction

from TumorApp.imaging import phantom, pipeline, rendering
from TumorApp.imaging.card import DEFAULT_MODEL
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.findings import findings
from TumorApp.imaging.records import Analysis as SliceAnalysis
from TumorApp.imaging.segmentation import Segmenter, load_segmenter
from TumorApp.models import ORIGINAL_NAME_LENGTH, Account, Analysis, new_id
from TumorApp.services import storage

# A slice of the accepted size takes some hundred megabytes while it is analysed: no more at once than there are cores.
_places = threading.BoundedSemaphore(os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class KeptAnalysis:
    """An analysis that was just made and kept.

    Attributes:
        row: As the database has it.
        figure: The figure as PNG.
    """

    row: Analysis
    figure: bytes


@dataclass(frozen=True, slots=True)
class Evidence:
    """How often a network was right on slices of people that it was never trained on, from its card.

    Attributes:
        people: Whose slices.
        found: Slices with an outlined tumour on which one was marked, wherever.
        with_tumour: All slices with an outlined tumour.
        wrongly_marked: Slices without a tumour on which one was marked.
        without_tumour: All slices without a tumour.
        by_members: Whether each person was judged by the one member of the network that had never seen them, not by
            all members together as an upload is.
    """

    people: int
    found: int
    with_tumour: int
    wrongly_marked: int
    without_tumour: int
    by_members: bool

    @property
    def missed(self) -> int:
        """Slices with an outlined tumour on which none was marked."""
        return self.with_tumour - self.found


def segmenter() -> Segmenter:
    """Return the network that answers uploads.

    Raises:
        ModelError: If this installation has none that can be used.
    """
    return load_segmenter(Path(settings.MODEL_DIR) / DEFAULT_MODEL)


def analyse_upload(owner: Account, content: bytes, name: str, patient_reference: str) -> KeptAnalysis:
    """Analyse a slice and keep the result for its owner. On any failure nothing is kept.

    Args:
        owner: Whose it is.
        content: The whole file.
        name: What it was called where it came from; never used as a path.
        patient_reference: Free text, may be empty.

    Raises:
        SliceError: If the file cannot be analysed.
        ModelError: If there is no usable network.
        OSError: If the files cannot be written.
    """
    name = clean_name(name)
    with _places:
        analysis = pipeline.analyse(content, name, segmenter())
        files = {
            storage.FIGURE: rendering.figure_png(analysis),
            storage.MASK: rendering.mask_png(analysis.labels),
            storage.SLICE: rendering.slice_png(analysis.ct_slice),
        }
    row = _row(analysis, owner, name, patient_reference)
    storage.store(row.pk, files)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except BaseException:
        storage.remove(row.pk)
        raise
    return KeptAnalysis(row=row, figure=files[storage.FIGURE])


def analyse_phantom(owner: Account) -> KeptAnalysis:
    """Analyse the drawn phantom slice, for whoever has no slice at hand."""
    return analyse_upload(owner, phantom.phantom_png(), "phantom.png", "")


def evidence(analysis: Analysis) -> Evidence | None:
    """Return how often the network of an analysis was right.

    None where that network is not the one at hand, or was not scored on tumours.
    """
    try:
        network = segmenter()
    except ModelError:
        return None
    scores = network.card.scores
    if analysis.findings["model_sha256"] != network.sha256 or "tumour_by_slice" not in scores:
        return None
    counts = scores["tumour_by_slice"]
    if not sum(counts.values()):
        return None
    return Evidence(
        people=scores["tumour"]["people"],
        found=counts["found"],
        with_tumour=counts["found"] + counts["missed"],
        wrongly_marked=counts["wrongly_marked"],
        without_tumour=counts["wrongly_marked"] + counts["clean"],
        by_members=bool(scores.get("cross_validated")),
    )


def delete(analysis: Analysis) -> None:
    """Delete an analysis: its row, and its files as soon as that is certain."""
    analysis_id = analysis.pk
    with transaction.atomic():
        analysis.delete()
        transaction.on_commit(partial(storage.remove, analysis_id))


def clean_name(name: str) -> str:
    """Return the last part of a file name without control characters, at most as long as the database takes."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    cleaned = "".join(character for character in last if character.isprintable()).strip()
    return cleaned[:ORIGINAL_NAME_LENGTH] or "slice"


def _row(analysis: SliceAnalysis, owner: Account, name: str, patient_reference: str) -> Analysis:
    stage = analysis.size_rule.stage
    return Analysis(
        id=new_id(),
        owner=owner,
        patient_reference=patient_reference,
        original_name=name,
        findings_json=json.dumps(findings(analysis, name), ensure_ascii=False, allow_nan=False),
        tumour_detected=analysis.tumour_detected,
        stage=None if stage is None else int(stage),
        affected_percent=analysis.affected_percent,
        model=analysis.model,
        model_version=analysis.model_version,
    )
