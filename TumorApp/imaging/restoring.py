"""From the network's 8-bit probabilities to masks: on the slice's own grid to measure, on the rule's grid to stage."""

from __future__ import annotations

import cv2
import numpy as np

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.measurement import keep_regions
from TumorApp.imaging.preprocessing import to_own_grid
from TumorApp.imaging.records import LIVER, TUMOUR, Float32, Mask, Uint8
from TumorApp.imaging.staging import GRID_PX


def label_slice(probabilities: Uint8, shape: tuple[int, int], card: ModelCard) -> tuple[Uint8, Float32]:
    """Bring probabilities back to the slice's own grid and decide there what is liver and what tumour.

    The probabilities are interpolated and then cut at the threshold: a mask enlarged afterwards would have steps.

    Args:
        probabilities: ``(channels, size, size) uint8``, from ``plausibility.without_doubtful``.
        shape: Height and width of the slice.
        card: Of the network: channels, thresholds, smallest lesion.

    Returns:
        ``(H, W) uint8`` of 0 background, 1 liver (never, where the network has no liver channel), 2 tumour; and the
        tumour probability ``(H, W) float32``, 0..1.
    """
    tumour_probability = _own(probabilities, "tumour", shape, card)
    own_pixels_per_grid_pixel = (max(shape) / probabilities.shape[1]) ** 2
    tumour = keep_regions(
        tumour_probability >= card.thresholds["tumour"], card.smallest_lesion_px * own_pixels_per_grid_pixel
    )
    labels = np.zeros(shape, np.uint8)
    if "liver" in card.channels:
        labels[_own(probabilities, "liver", shape, card) >= card.thresholds["liver"]] = LIVER
    labels[tumour] = TUMOUR
    return labels, tumour_probability


def grid_tumour(probabilities: Uint8, card: ModelCard) -> Mask:
    """Return the tumour mask on the grid of the size rule, ``(128, 128) bool``.

    The answer of a network with a larger grid is averaged over areas first. It is given what ``label_slice`` is given,
    so that the stage is that of the lesions in the mask.
    """
    tumour = probabilities[card.channel("tumour")].astype(np.float32) / 255
    if tumour.shape[0] != GRID_PX:
        tumour = np.asarray(cv2.resize(tumour, (GRID_PX, GRID_PX), interpolation=cv2.INTER_AREA))
    return keep_regions(tumour >= card.thresholds["tumour"], card.smallest_lesion_px * (GRID_PX / card.input_size) ** 2)


def _own(probabilities: Uint8, channel: str, shape: tuple[int, int], card: ModelCard) -> Float32:
    return to_own_grid(probabilities[card.channel(channel)].astype(np.float32) / 255, shape)
