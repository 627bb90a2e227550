"""What the reader must be told beside the numbers, in sentences."""

from __future__ import annotations

import numpy as np
from skimage.measure import label
from skimage.segmentation import find_boundaries

from TumorApp.imaging.records import LIVER, TUMOUR, CTSlice, Lesion, SizeRule, Uint8

UNSURE_BELOW = 0.7
"""Mean probability of a lesion below which the page says that the network is unsure; chosen as the middle between the
threshold of 0.5 and the 0.9 of a clear finding, not calibrated."""
FLAT_BELOW = 10.0
"""Standard deviation of grey below which a picture shows next to nothing; the flattest of the 2,122 slices that the
project was developed with has 29."""


def caveats(ct_slice: CTSlice, labels: Uint8, lesions: tuple[Lesion, ...], size_rule: SizeRule) -> tuple[str, ...]:
    """Return the warnings of an analysis, the weightiest first."""
    liver_found = bool((labels == LIVER).any())
    found: list[str] = []
    if float(np.std(ct_slice.grey)) < FLAT_BELOW:
        found.append("The picture has almost no contrast. Export the slice again in a soft-tissue window.")
    if not liver_found and not lesions:
        found.append("No liver was found. The slice may lie above or below the liver, be turned, or not be a CT slice.")
    if not liver_found and lesions:
        found.append("No liver was found around the tumour; the affected percentage refers to the whole slice.")
    if liver_found and _outside_liver(labels):
        found.append("A marked region does not touch the liver that was found; it may be a false finding.")
    if any(lesion.confidence < UNSURE_BELOW for lesion in lesions):
        found.append("The network is unsure about at least one marked region; see its confidence.")
    if lesions and size_rule.stage is None:
        found.append("The lesion is too small for the size rule, so no stage is given.")
    return (*found, *ct_slice.warnings)


def _outside_liver(labels: Uint8) -> bool:
    """Whether any region of tumour has no liver pixel beside it."""
    regions = label(labels == TUMOUR, connectivity=2)
    beside = find_boundaries(regions, connectivity=2, mode="outer") & (labels == LIVER)
    touched: set[int] = set()
    for row, column in zip(*np.nonzero(beside), strict=True):
        touched.update(regions[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2].ravel().tolist())
    return bool(set(range(1, int(regions.max()) + 1)) - touched)
