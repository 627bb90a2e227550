"""Random but seeded changes of slices, so that a network meets more bodies, windows and scanners than it was given.

Ranges are chosen to cover what an upload may be and kept where a person would still read the slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.records import Float32, Uint8
from TumorApp.learning.dataset import UNKNOWN


@dataclass(frozen=True, slots=True)
class Ranges:
    """How far each change goes.

    Attributes:
        turn_deg: Rotation, either way.
        scale: Smallest and largest magnification.
        shift: Largest shift, as a share of the grid.
        window_share: Share of slices that get another window.
        window_low: Grey that becomes black; below 0 darkens nothing but lifts black.
        window_high: Grey that becomes white.
        gamma: Smallest and largest exponent.
        noise: Largest standard deviation of added noise, grey levels.
        blur_px: Largest standard deviation of blur, grid pixels.
        mirror_share: Share of slices mirrored left to right.
    """

    turn_deg: float = 12.0
    scale: tuple[float, float] = (0.8, 1.25)
    shift: float = 0.06
    window_share: float = 0.6
    window_low: tuple[float, float] = (-60.0, 70.0)
    window_high: tuple[float, float] = (170.0, 340.0)
    gamma: tuple[float, float] = (0.8, 1.25)
    noise: float = 8.0
    blur_px: float = 0.8
    mirror_share: float = 0.05


def augment(
    grey: Uint8, targets: NDArray[np.int8], window: int, rng: np.random.Generator, ranges: Ranges | None = None
) -> tuple[Float32, NDArray[np.int8]]:
    """Change one sample and cut a square window out of it.

    Args:
        grey: ``(S, S) uint8``.
        targets: ``(S, S, C) int8``.
        window: Side of the window in pixels, at most ``S``; smaller ones lie anywhere within the slice.
        rng: Source of all chance.
        ranges: How far to go.

    Returns:
        ``(window, window) float32``, 0..255, and ``(window, window, C) int8``.
    """
    ranges = ranges or Ranges()
    matrix = _placement(grey.shape[0], window, rng, ranges)
    size = (window, window)
    moved = cv2.warpAffine(grey.astype(np.float32), matrix, size, flags=cv2.INTER_LINEAR, borderValue=0.0)
    # Outside of the slice the liver and its tumours are absent, but where a channel is wholly unknown it stays so.
    layers = [
        cv2.warpAffine(
            targets[..., channel].astype(np.int16),
            matrix,
            size,
            flags=cv2.INTER_NEAREST,
            borderValue=UNKNOWN if (targets[..., channel] == UNKNOWN).all() else 0,
        )
        for channel in range(targets.shape[-1])
    ]
    return _change_grey(np.asarray(moved, np.float32), rng, ranges), np.stack(layers, axis=-1).astype(np.int8)


def _placement(side: int, window: int, rng: np.random.Generator, ranges: Ranges) -> NDArray[np.float64]:
    """The 2×3 affine matrix from the slice to the window: turned, scaled, perhaps mirrored, shifted."""
    centre = (side - 1) / 2
    turn_deg = rng.uniform(-ranges.turn_deg, ranges.turn_deg)
    scale = np.exp(rng.uniform(*np.log(ranges.scale)))
    matrix: NDArray[Any] = np.asarray(cv2.getRotationMatrix2D((centre, centre), turn_deg, scale), np.float64)
    if rng.random() < ranges.mirror_share:
        matrix[0] = -matrix[0]
        matrix[0, 2] += side - 1
    matrix[:, 2] += rng.uniform(-ranges.shift, ranges.shift, 2) * side
    matrix[:, 2] -= rng.uniform(0, side - window, 2)
    return matrix


def _change_grey(grey: Float32, rng: np.random.Generator, ranges: Ranges) -> Float32:
    """Another window, gamma, blur and noise, each by chance."""
    changed: NDArray[Any] = grey
    if rng.random() < ranges.window_share:
        low, high = rng.uniform(*ranges.window_low), rng.uniform(*ranges.window_high)
        lifted = (changed - low) * (255 / (high - low))
        # A wider window lifts tissue, but air stays black in every window.
        changed = np.where(changed > 0, lifted, np.minimum(lifted, 0)).clip(0, 255)
    if rng.random() < 0.5:
        changed = 255 * (changed / 255) ** rng.uniform(*ranges.gamma)
    if rng.random() < 0.3:
        changed = np.asarray(cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.2, ranges.blur_px)))
    if rng.random() < 0.5:
        changed = changed + rng.normal(0, rng.uniform(0, ranges.noise), changed.shape)
    return changed.clip(0, 255).astype(np.float32)
