"""What of the network's answer counts, decided once on the network grid so that mask, boxes and stage agree."""

from __future__ import annotations

import cv2
import numpy as np

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.measurement import keep_regions
from TumorApp.imaging.records import Float32, Mask, Uint8


def near_liver(probabilities: Uint8, card: ModelCard) -> Uint8:
    """Cut liver crumbs, and tumour farther from the liver than a tumour of the liver can be, down to 0.

    Regions of liver below ``card.smallest_liver_px`` are no liver. A tumour counts in the liver that is left and up to
    ``card.liver_margin_px`` outside of it (Euclidean, from pixel centre to pixel centre): some room, because the found
    border is not exact and tumours bulge. A network without a liver channel, or a card without a margin, is left alone.

    Args:
        probabilities: ``(channels, size, size) uint8``, from ``Segmenter.probabilities``.
        card: Of the network.

    Returns:
        The same with 0 where nothing counts; the given array stays as it is.
    """
    if "liver" not in card.channels:
        return probabilities
    kept = probabilities.copy()
    liver_map, tumour_map = kept[card.channel("liver")], kept[card.channel("tumour")]
    liver = reaches(liver_map, card.thresholds["liver"])
    whole = keep_regions(liver, card.smallest_liver_px)
    liver_map[liver & ~whole] = 0
    if card.liver_margin_px is not None:
        tumour_map[distance_from(whole) > card.liver_margin_px] = 0
    return kept


def without_doubtful(probabilities: Uint8, card: ModelCard) -> Uint8:
    """Cut tumour regions that are too small or nowhere likely enough down to 0.

    The outline of a region follows ``card.thresholds["tumour"]``, its existence the higher ``card.lesion_peak``: the
    hysteresis of Canny (1986, doi:10.1109/TPAMI.1986.4767851), applied to regions instead of edges. A low threshold
    alone gives good outlines and many false findings, a high one the reverse.

    Args:
        probabilities: ``(channels, size, size) uint8``, from ``near_liver``.
        card: Of the network.

    Returns:
        The same with 0 in the tumour regions that do not count; the given array stays as it is.
    """
    kept = probabilities.copy()
    tumour_map = kept[card.channel("tumour")]
    tumour = reaches(tumour_map, card.thresholds["tumour"])
    counting = keep_regions(tumour, card.smallest_lesion_px, reaches(tumour_map, card.lesion_peak))
    tumour_map[tumour & ~counting] = 0
    return kept


def slice_score(probabilities: Uint8, card: ModelCard) -> float:
    """Return how strongly a slice speaks for a tumour, 0..1.

    It is the mean tumour probability of the ``card.smallest_lesion_px`` likeliest pixels in and near the liver. As many
    pixels are asked as the smallest lesion has, so that a stray pixel cannot fake a tumour and a small lesion is not
    diluted. A slice with a marked lesion scores at least the threshold of the card.

    Args:
        probabilities: ``(channels, size, size) uint8``, from ``near_liver`` (before ``without_doubtful``).
        card: Of the network.
    """
    values = probabilities[card.channel("tumour")].ravel()
    count = min(max(card.smallest_lesion_px, 1), values.size)
    return float(np.partition(values, values.size - count)[-count:].mean()) / 255


def reaches(probability_map: Uint8, threshold: float) -> Mask:
    """Return where an 8-bit map of probabilities is at least ``threshold``, 0..1."""
    return np.asarray(probability_map.astype(np.float32) / 255 >= threshold)


def distance_from(mask: Mask) -> Float32:
    """Return the distance of each pixel from a mask in pixels; without any mask, infinity."""
    if not mask.any():
        return np.full(mask.shape, np.float32(np.inf))
    return np.asarray(cv2.distanceTransform((~mask).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE), np.float32)
