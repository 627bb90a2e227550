"""The only code that prepares a slice for a network; training, serving and evaluation all enter here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.records import Float32

Pixel = TypeVar("Pixel", bound=np.generic)

DARK = 8
"""Grey below which a pixel does not count for ``equalise``: 63 HU above the bottom of a window of -1000..1000."""
LEVELS_A_GREY = 4
"""Steps that ``equalise`` tells apart within one grey level; averaging and 16-bit files give values in between."""


def to_network_grid(grey: Float32, size: int) -> Float32:
    """Bring a slice to the square network grid by cubic interpolation.

    A slice that is not square is first padded with black on its right or bottom, so that no body is distorted. Pillow's
    bicubic filter widens with the reduction and so averages noise away, where a plain one would pick single pixels.

    Args:
        grey: ``(H, W) float32``, 0..255.
        size: Side of the network grid in pixels.

    Returns:
        ``(size, size) float32``, 0..255.
    """
    square = pad_to_square(grey)
    if square.shape[0] == size:
        return np.ascontiguousarray(square)
    resized = Image.fromarray(square).resize((size, size), Image.Resampling.BICUBIC)
    return np.asarray(resized, dtype=np.float32).clip(0, 255)


def prepare(grey: Float32, card: ModelCard) -> Float32:
    """Turn a slice into what the network sees, with the numbers that its card says it was trained with.

    Args:
        grey: ``(H, W) float32``, 0..255.
        card: Of the network.

    Returns:
        ``(input_size, input_size, inputs) float32``, each ``(value - subtract) / divide``; about -1..1 with (127, 127).
    """
    return normalise(show(to_network_grid(grey, card.input_size), card.inputs), card.normalisation)


def show(grey: Float32, inputs: Sequence[str]) -> Float32:
    """Show a slice in each of the ways that a network wants to see it.

    Args:
        grey: ``(S, S) float32``, 0..255.
        inputs: ``"grey"`` for the slice as it is, ``"equalised"`` for ``equalise``.

    Returns:
        ``(S, S, inputs) float32``, 0..255.
    """
    return np.stack([VIEWS[name](grey) for name in inputs], axis=-1)


def equalise(grey: Float32) -> Float32:
    """Make the histogram of a slice flat: each pixel becomes the share of pixels that are darker than it.

    Ranks do not change with window, level and gamma, as long as these cut nothing off, so that a slice shown in the
    full range looks to the network like one in a soft-tissue window. Pixels below ``DARK`` do not count: how much air
    a slice shows says nothing about tissue.

    Args:
        grey: ``(S, S) float32``, 0..255.

    Returns:
        ``(S, S) float32``, 0..255; pixels of one value share the middle of their ranks.
    """
    level = np.rint(grey * LEVELS_A_GREY).astype(np.int32)
    counts = np.bincount(level.ravel(), minlength=255 * LEVELS_A_GREY + 1).astype(np.float64)
    counts[: DARK * LEVELS_A_GREY] = 0
    rank = np.cumsum(counts) - counts / 2
    flat = rank * (255 / max(1.0, float(counts.sum())))
    return np.asarray(flat[level], np.float32)


def normalise(views: Float32, normalisation: tuple[float, float]) -> Float32:
    """Shift and scale grey values of any shape: ``(value - subtract) / divide``, ``float32``."""
    subtract, divide = normalisation
    return ((views - np.float32(subtract)) / np.float32(divide)).astype(np.float32)


def to_own_grid(network_map: Float32, shape: tuple[int, int]) -> Float32:
    """Bring a map on the network grid back to the slice's own grid by linear interpolation.

    Args:
        network_map: ``(size, size) float32``.
        shape: Height and width of the slice; the padding that ``to_network_grid`` added is cut off again.

    Returns:
        ``(H, W) float32`` in the map's own range.
    """
    side = max(shape)
    square = cv2.resize(network_map, (side, side), interpolation=cv2.INTER_LINEAR)
    return np.asarray(square, dtype=np.float32)[: shape[0], : shape[1]]


def pad_to_square(pixels: NDArray[Pixel]) -> NDArray[Pixel]:
    """Add zeros on the right or at the bottom until an ``(H, W)`` array is square."""
    height, width = pixels.shape
    side = max(height, width)
    return np.pad(pixels, ((0, side - height), (0, side - width)))


def _unchanged(grey: Float32) -> Float32:
    return grey


VIEWS: Mapping[str, Callable[[Float32], Float32]] = {"grey": _unchanged, "equalised": equalise}
"""Name in a card to the function that shows a slice that way."""
