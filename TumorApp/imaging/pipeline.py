"""The whole method in one function: read, prepare, segment, decide what counts, restore, measure, stage."""

from __future__ import annotations

import time
from dataclasses import replace

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.caveats import caveats
from TumorApp.imaging.confidence import calibrated, lesion_sureness, verdict_sureness
from TumorApp.imaging.measurement import affected, measure_lesions
from TumorApp.imaging.plausibility import near_liver, slice_score, without_doubtful
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.reading import read_slice
from TumorApp.imaging.records import LIVER, TUMOUR, Analysis, CTSlice, Lesion, SizeRule, Uint8
from TumorApp.imaging.restoring import grid_tumour, label_slice
from TumorApp.imaging.segmentation import Segmenter
from TumorApp.imaging.staging import apply_size_rule


def analyse(content: bytes, name: str, segmenter: Segmenter) -> Analysis:
    """Find liver and tumour in one slice.

    Args:
        content: The bytes of a PNG or JPEG file.
        name: Its name.
        segmenter: The network that answers.

    Returns:
        Everything that was found, on the slice's own grid.

    Raises:
        SliceError: If the file cannot be analysed; it says why.
    """
    start = time.perf_counter()
    ct_slice = read_slice(content, name)
    probabilities = segmenter.probabilities(prepare(ct_slice.grey, segmenter.card))
    analysis = conclude(ct_slice, probabilities, segmenter.card, segmenter.sha256)
    analysis = replace(analysis, warnings=caveats(analysis, knows_liver="liver" in segmenter.card.channels))
    return replace(analysis, seconds=time.perf_counter() - start)


def conclude(ct_slice: CTSlice, probabilities: Uint8, card: ModelCard, sha256: str) -> Analysis:
    """Turn the network's answer to a slice into findings.

    Args:
        ct_slice: The slice.
        probabilities: ``(channels, size, size) uint8``, from ``Segmenter.probabilities``.
        card: Of the network.
        sha256: Of the weights that answered.

    Returns:
        Everything that was found, yet without warnings and time.
    """
    near = near_liver(probabilities, card)
    counting = without_doubtful(near, card)
    labels, tumour_probability = label_slice(counting, ct_slice.shape, card)
    lesions = tuple(
        _graded(lesion, card) for lesion in measure_lesions(labels, tumour_probability, ct_slice.spacing_mm)
    )
    affected_percent, affected_of = affected(labels)
    score = slice_score(near, card)
    chance = calibrated(score, "slice", card)
    return Analysis(
        ct_slice=ct_slice,
        labels=labels,
        lesions=lesions,
        size_rule=apply_size_rule(grid_tumour(counting, card)) if lesions else SizeRule(None, None, ()),
        affected_percent=affected_percent,
        affected_of=affected_of,
        liver_area_px=int((labels >= LIVER).sum()),
        tumour_area_px=int((labels == TUMOUR).sum()),
        slice_score=score,
        tumour_chance=chance,
        sureness=verdict_sureness(chance, detected=bool(lesions)),
        confidence_measured="lesion" in card.calibration,
        warnings=(),
        model=card.name,
        model_version=card.version,
        model_sha256=sha256,
        seconds=0.0,
    )


def _graded(lesion: Lesion, card: ModelCard) -> Lesion:
    """Give a lesion the measured chance for its mean probability, where there is one, and its grade."""
    chance = calibrated(lesion.confidence, "lesion", card)
    confidence = lesion.confidence if chance is None else chance
    return replace(lesion, confidence=confidence, sureness=lesion_sureness(confidence, measured=chance is not None))
