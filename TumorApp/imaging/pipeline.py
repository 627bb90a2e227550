"""The whole method in one function: read, prepare, segment, restore, measure, stage."""

from __future__ import annotations

import time

from TumorApp.imaging.caveats import caveats
from TumorApp.imaging.measurement import affected, measure_lesions
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.reading import read_slice
from TumorApp.imaging.records import LIVER, TUMOUR, Analysis, SizeRule
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
    prepared = prepare(ct_slice.grey, segmenter.card)
    probabilities = segmenter.probabilities(prepared)
    labels, tumour_probability = label_slice(probabilities, ct_slice.shape, segmenter.card)
    lesions = measure_lesions(labels, tumour_probability, ct_slice.spacing_mm)
    size_rule = apply_size_rule(grid_tumour(probabilities, segmenter.card)) if lesions else SizeRule(None, None, ())
    affected_percent, affected_of = affected(labels)
    return Analysis(
        ct_slice=ct_slice,
        labels=labels,
        lesions=lesions,
        size_rule=size_rule,
        affected_percent=affected_percent,
        affected_of=affected_of,
        liver_area_px=int((labels >= LIVER).sum()),
        tumour_area_px=int((labels == TUMOUR).sum()),
        warnings=caveats(ct_slice, labels, lesions, size_rule),
        model=segmenter.card.name,
        model_version=segmenter.card.version,
        model_sha256=segmenter.sha256,
        seconds=time.perf_counter() - start,
    )
