"""Gives pictures back what their window cut off, so that they can be shown in any other window.

A picture says nothing about what lay beyond its window: all that is darker is black, all that is brighter is white.
For training, and for trying out other windows, plausible values are put there. They are invented, and nothing is ever
measured on them.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

from TumorApp.imaging.records import Float32, Mask

BODY_CONTRAST = 10.0
"""Grey by which a body is brighter than the rim of its picture, which shows air: less than fat is in any window that
shows fat, more than noise averaged over ``BODY_BLUR``."""
BODY_BLUR = 0.006
"""Standard deviation of the blur before the body is looked for, as a share of the slice's side."""
AIR_HU, FAT_HU, LUNG_HU = -1000.0, -100.0, -850.0
"""Usual values of air, fat and lung (Hounsfield scale; air by definition, the others typical means)."""
NOISE_HU = 12.0
"""Standard deviation of noise drawn into what was cut off, that of an ordinary abdominal slice."""
FAT_CUT_OFF_HU = -70.0
"""A window that starts above this has cut fat off; below it only air and lung are black."""
LUNG_DEPTH = 0.035
"""Share of the slice's side from which on black is too deep to be fat between organs and is taken for lung or gas."""
BONE_HU_A_PIXEL = 60.0
"""How fast bone gets denser inwards from where the window cut it off, at 256 pixels a side."""


def restore_range(grey: Float32, window_hu: tuple[float, float], rng: np.random.Generator) -> Float32:
    """Turn a windowed picture into Hounsfield units, with plausible values for what the window cut off.

    Args:
        grey: ``(S, S) float32``, 0..255.
        window_hu: Values that 0 and 255 stand for, in Hounsfield units.
        rng: Source of the noise.

    Returns:
        ``(S, S) float32``, Hounsfield units.
    """
    low, high = window_hu
    hounsfield = low + grey * np.float32((high - low) / 255)
    dark, bright = grey <= 0.5, grey >= 254.5
    noise = np.asarray(cv2.GaussianBlur(rng.normal(0, 2 * NOISE_HU, grey.shape).astype(np.float32), (0, 0), 0.8))
    body = np.asarray(binary_fill_holes(body_of(grey)))
    inside = dark & body
    depth = np.asarray(cv2.distanceTransform(dark.astype(np.uint8), cv2.DIST_L2, 3))
    deep = np.asarray(cv2.dilate((depth > LUNG_DEPTH * grey.shape[0]).astype(np.uint8), _disc(grey.shape[0]))) > 0
    fat = inside & ~deep & np.bool_(low > FAT_CUT_OFF_HU)
    hounsfield = np.where(dark & ~body, AIR_HU + noise, hounsfield)
    hounsfield = np.where(inside, np.minimum(LUNG_HU + 2 * noise, low), hounsfield)
    hounsfield = np.where(fat, np.minimum(FAT_HU + noise, low), hounsfield)
    thickness = np.asarray(cv2.distanceTransform(bright.astype(np.uint8), cv2.DIST_L2, 3))
    denser = thickness * np.float32(BONE_HU_A_PIXEL * 256 / grey.shape[0])
    return np.where(bright, hounsfield + denser, hounsfield).astype(np.float32)


def body_of(grey: Float32) -> Mask:
    """Return the largest region that is brighter than the rim of the picture: ``(H, W) bool``.

    In a narrow window fat is as black as air; the region then ends at the muscles.
    """
    smooth = np.asarray(cv2.GaussianBlur(grey, (0, 0), BODY_BLUR * max(grey.shape)))
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    bright = smooth > float(np.median(rim)) + BODY_CONTRAST
    count, regions, statistics, _ = cv2.connectedComponentsWithStats(bright.astype(np.uint8), connectivity=4)
    if count < 2:
        return np.zeros(grey.shape, np.bool_)
    return np.asarray(regions == 1 + int(np.argmax(statistics[1:, cv2.CC_STAT_AREA])))


def show_window(hounsfield: Float32, window_hu: tuple[float, float]) -> Float32:
    """Show Hounsfield units in a window, as an 8-bit picture does: ``(S, S) float32`` whole numbers, 0..255."""
    low, high = window_hu
    shown = ((hounsfield - low) * (255 / (high - low))).clip(0, 255)
    return np.asarray(np.rint(shown), np.float32)


def _disc(side: int) -> NDArray[np.uint8]:
    diameter = 2 * max(1, round(LUNG_DEPTH * side)) + 1
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (diameter, diameter)), np.uint8)
