"""Random but seeded changes of slices, so that a network meets more bodies, windows and scanners than it was given.

Ranges are chosen to cover what an upload may be and kept where a person would still read the slice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.records import Float32
from TumorApp.learning.dataset import UNKNOWN
from TumorApp.learning.hounsfield import AIR_HU, show_window


@dataclass(frozen=True, slots=True)
class Ranges:
    """How far each change goes, and how often it is made.

    Attributes:
        turn_deg: Rotation, either way.
        scale: Smallest and largest magnification.
        stretch: Largest stretch of one axis against the other, and shear, as a share.
        shift: Largest shift, as a share of the grid.
        mirrored: Share of slices mirrored left to right.
        upside_down: Share mirrored top to bottom.
        quarter_turned: Share turned by 90 degrees, either way.
        own_window: Share that keeps its own window.
        soft_low_hu: Bottom of a soft-tissue window.
        soft_high_hu: Top of a soft-tissue window.
        wide_low_hu: Bottom of a full-range window.
        wide_high_hu: Top of a full-range window.
        narrow_centre_hu: Middle of a liver window.
        narrow_width_hu: Width of a liver window.
        gamma: Smallest and largest exponent.
        coarse: Share reduced and enlarged again, so that it has less detail.
        blur_px: Largest standard deviation of blur, in pixels of a grid of 256.
        noise: Largest standard deviation of added noise, in grey levels.
        jpeg_quality: Lowest and highest quality of JPEG.
    """

    turn_deg: float = 15.0
    scale: tuple[float, float] = (0.75, 1.3)
    stretch: float = 0.08
    shift: float = 0.06
    mirrored: float = 0.15
    upside_down: float = 0.04
    quarter_turned: float = 0.04
    own_window: float = 0.4
    soft_low_hu: tuple[float, float] = (-250.0, 10.0)
    soft_high_hu: tuple[float, float] = (170.0, 400.0)
    wide_low_hu: tuple[float, float] = (-1024.0, -400.0)
    wide_high_hu: tuple[float, float] = (500.0, 2000.0)
    narrow_centre_hu: tuple[float, float] = (50.0, 120.0)
    narrow_width_hu: tuple[float, float] = (110.0, 220.0)
    gamma: tuple[float, float] = (0.7, 1.4)
    coarse: float = 0.15
    blur_px: float = 1.3
    noise: float = 12.0
    jpeg_quality: tuple[int, int] = (35, 95)


def augment(
    hounsfield: Float32,
    targets: NDArray[np.int8],
    window_hu: tuple[float, float],
    rng: np.random.Generator,
    ranges: Ranges | None = None,
) -> tuple[Float32, NDArray[np.int8]]:
    """Change one sample: place it anew, show it in some window, and spoil it a little.

    Args:
        hounsfield: ``(S, S) float32``, Hounsfield units.
        targets: ``(S, S, C) int8``.
        window_hu: The slice's own window.
        rng: Source of all chance.
        ranges: How far to go.

    Returns:
        ``(S, S) float32``, 0..255, and ``(S, S, C) int8``.
    """
    ranges = ranges or Ranges()
    placed, moved = _place(hounsfield, targets, rng, ranges)
    grey = show_window(placed, _draw_window(window_hu, rng, ranges))
    return _spoil(grey, rng, ranges), moved


def _place(
    hounsfield: Float32, targets: NDArray[np.int8], rng: np.random.Generator, ranges: Ranges
) -> tuple[Float32, NDArray[np.int8]]:
    side = hounsfield.shape[0]
    matrix, size = _placement(side, rng, ranges), (side, side)
    # Beyond the slice lies air, and neither liver nor tumour; where a channel is wholly unknown it stays so.
    placed = cv2.warpAffine(hounsfield, matrix, size, flags=cv2.INTER_LINEAR, borderValue=AIR_HU)
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
    moved = np.stack(layers, axis=-1).astype(np.int8)
    turns = int(rng.choice((1, 3))) if rng.random() < ranges.quarter_turned else 0
    return np.ascontiguousarray(np.rot90(placed, turns), np.float32), np.ascontiguousarray(np.rot90(moved, turns))


def _placement(side: int, rng: np.random.Generator, ranges: Ranges) -> NDArray[np.float64]:
    """The 2×3 affine matrix: turned, scaled, stretched, perhaps mirrored, shifted, all about the centre."""
    turn = np.deg2rad(rng.uniform(-ranges.turn_deg, ranges.turn_deg))
    scale = np.exp(rng.uniform(*np.log(ranges.scale)))
    stretch, shear = rng.uniform(-ranges.stretch, ranges.stretch, 2)
    mirror = np.where(rng.random(2) < (ranges.mirrored, ranges.upside_down), -1.0, 1.0)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    linear = scale * rotation @ np.array([[1 + stretch, shear], [0, 1 - stretch]]) @ np.diag(mirror)
    centre = np.full(2, (side - 1) / 2)
    shift = rng.uniform(-ranges.shift, ranges.shift, 2) * side
    return np.column_stack([linear, centre - linear @ centre + shift])


def _draw_window(own_hu: tuple[float, float], rng: np.random.Generator, ranges: Ranges) -> tuple[float, float]:
    """The slice's own window, or a soft-tissue, full-range or liver window, these three equally often."""
    if rng.random() < ranges.own_window:
        return own_hu
    kind = rng.integers(3)
    if kind == 0:
        return rng.uniform(*ranges.soft_low_hu), rng.uniform(*ranges.soft_high_hu)
    if kind == 1:
        return rng.uniform(*ranges.wide_low_hu), rng.uniform(*ranges.wide_high_hu)
    centre, width = rng.uniform(*ranges.narrow_centre_hu), rng.uniform(*ranges.narrow_width_hu)
    return centre - width / 2, centre + width / 2


def _spoil(grey: Float32, rng: np.random.Generator, ranges: Ranges) -> Float32:
    """Gamma, less detail, blur, noise and JPEG, each by chance."""
    side = grey.shape[0]
    changed: NDArray[Any] = grey
    if rng.random() < 0.3:
        changed = 255 * (changed / 255) ** np.exp(rng.uniform(*np.log(ranges.gamma)))
    if rng.random() < ranges.coarse:
        small = round(side * rng.uniform(0.4, 0.9))
        reduced = cv2.resize(changed, (small, small), interpolation=cv2.INTER_AREA)
        changed = np.asarray(cv2.resize(reduced, (side, side), interpolation=cv2.INTER_LINEAR))
    if rng.random() < 0.2:
        changed = np.asarray(cv2.GaussianBlur(changed, (0, 0), rng.uniform(0.2, ranges.blur_px) * side / 256))
    if rng.random() < 0.4:
        noise = rng.standard_normal(changed.shape, np.float32) * np.float32(rng.uniform(0, ranges.noise))
        changed = changed + noise
    changed = np.rint(changed.clip(0, 255))
    if rng.random() < 0.1:
        changed = _through_jpeg(changed, int(rng.integers(*ranges.jpeg_quality)))
    return np.asarray(changed, np.float32)


def _through_jpeg(grey: NDArray[Any], quality: int) -> NDArray[Any]:
    _, content = cv2.imencode(".jpg", grey.astype(np.uint8), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(content, cv2.IMREAD_GRAYSCALE))
