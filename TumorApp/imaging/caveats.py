"""What the reader must be told beside the numbers, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from TumorApp.imaging.records import LIVER, TUMOUR, Analysis, Uint8

FLAT_BELOW = 10.0
"""Standard deviation of grey below which a picture shows next to nothing; the flattest of the 2,122 slices that the
project was developed with has 29."""
DOUBTFUL = ("unsure", "very unsure")


def caveats(analysis: Analysis, *, knows_liver: bool = True) -> tuple[str, ...]:
    """Return the warnings of an analysis, the weightiest first.

    Args:
        analysis: What was found; its own warnings are not looked at.
        knows_liver: Whether the network marks livers at all.
    """
    found = [*_about_picture_and_liver(analysis, knows_liver), *_about_doubts(analysis)]
    if analysis.lesions and analysis.size_rule.stage is None:
        found.append("The lesion is too small for the size rule, so no stage is given.")
    return (*found, *analysis.ct_slice.warnings)


def _about_picture_and_liver(analysis: Analysis, knows_liver: bool) -> Iterator[str]:
    if float(np.std(analysis.ct_slice.grey)) < FLAT_BELOW:
        yield "The picture has almost no contrast. Export the slice again in a soft-tissue window."
    if not knows_liver:
        yield "This network does not look for the liver; a marked region may lie outside of it."
    elif not (analysis.labels == LIVER).any():
        if analysis.lesions:
            yield "No liver was found around the tumour; the affected percentage refers to the whole slice."
        else:
            yield "No liver was found. The slice may lie above or below the liver, be turned, or not be a CT slice."
    elif _outside_liver(analysis.labels):
        yield "A marked region does not touch the liver that was found; it may be a false finding."


def _about_doubts(analysis: Analysis) -> Iterator[str]:
    """Say how sure the network is, never more than was measured."""
    if analysis.sureness in DOUBTFUL:
        if analysis.tumour_detected:
            yield f"The network is {analysis.sureness} whether this slice shows a tumour."
        else:
            yield f"No tumour was marked, but the network is {analysis.sureness} about that."
    doubtful = [lesion for lesion in analysis.lesions if lesion.sureness in DOUBTFUL]
    if any(lesion.sureness == "very unsure" for lesion in doubtful):
        yield (
            "The network is very unsure about at least one marked region: "
            "regions that looked to it like that were more often healthy than not."
        )
    elif doubtful:
        yield "The network is unsure about at least one marked region; see its confidence."


def _outside_liver(labels: Uint8) -> bool:
    """Whether any region of tumour has no liver pixel beside it, corners included."""
    count, regions = cv2.connectedComponents((labels == TUMOUR).astype(np.uint8), connectivity=8)
    around_liver = cv2.dilate((labels == LIVER).astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    return bool((np.bincount(regions[around_liver], minlength=count)[1:] == 0).any())
