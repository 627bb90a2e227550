"""Known changes of a slice, to see how far a model's scores carry: other windows, turned, noisy, mirrored."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np

from TumorApp.imaging.records import Float32, Uint8
from TumorApp.learning.dataset import Record
from TumorApp.learning.hounsfield import restore_range, show_window

FULL_RANGE_HU = (-1000.0, 1000.0)
NARROW_HU = (0.0, 150.0)
"""The window that is usual for liver: level 75, width 150."""
TURN_DEG = 10.0
NOISE_GREY = 10.0

Changed = tuple[Float32, Uint8]


def apply_change(name: str, grey: Float32, labels: Uint8, record: Record, rng: np.random.Generator) -> Changed:
    """Change a slice and its truth alike.

    Args:
        name: One of ``CHANGES``.
        grey: ``(H, W) float32``, 0..255.
        labels: ``(H, W) uint8``: 0 background, 1 liver, 2 tumour.
        record: Of the slice; its window says what its grey values mean.
        rng: Source of noise.

    Returns:
        Slice and labels, of the same shapes, the slice in whole numbers as an 8-bit picture holds them.

    Raises:
        ValueError: If there is no such change.
    """
    if name not in CHANGES:
        raise ValueError(f"There is no change {name!r}; there are {', '.join(CHANGES)}.")
    changed, moved = CHANGES[name](grey, labels, record, rng)
    return np.rint(changed.clip(0, 255)).astype(np.float32), moved


def _to_full_range(grey: Float32, labels: Uint8, record: Record, rng: np.random.Generator) -> Changed:
    return show_window(restore_range(grey, record.window_hu, rng), FULL_RANGE_HU), labels


def _to_narrow(grey: Float32, labels: Uint8, record: Record, rng: np.random.Generator) -> Changed:
    return show_window(restore_range(grey, record.window_hu, rng), NARROW_HU), labels


def _turn(grey: Float32, labels: Uint8, record: Record, rng: np.random.Generator) -> Changed:
    height, width = grey.shape
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), TURN_DEG, 1.0)
    turned = cv2.warpAffine(grey, matrix, (width, height), flags=cv2.INTER_CUBIC)
    moved = cv2.warpAffine(labels, matrix, (width, height), flags=cv2.INTER_NEAREST)
    return np.asarray(turned, np.float32), np.asarray(moved, np.uint8)


def _add_noise(grey: Float32, labels: Uint8, record: Record, rng: np.random.Generator) -> Changed:
    return grey + rng.normal(0, NOISE_GREY, grey.shape).astype(np.float32), labels


def _mirror(grey: Float32, labels: Uint8, record: Record, rng: np.random.Generator) -> Changed:
    return np.ascontiguousarray(grey[:, ::-1]), np.ascontiguousarray(labels[:, ::-1])


CHANGES: Mapping[str, Callable[[Float32, Uint8, Record, np.random.Generator], Changed]] = {
    "full-range": _to_full_range,
    "narrow": _to_narrow,
    "turned": _turn,
    "noise": _add_noise,
    "mirrored": _mirror,
}
