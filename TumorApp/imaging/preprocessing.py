"""The only code that prepares a slice for a network; training, serving and evaluation all enter here."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.records import Float32

Pixel = TypeVar("Pixel", bound=np.generic)


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
        ``(input_size, input_size, 1) float32``, ``(grey - subtract) / divide``; about -1..1 with (127, 127).
    """
    return normalise(to_network_grid(grey, card.input_size), card.normalisation)


def normalise(grey: Float32, normalisation: tuple[float, float]) -> Float32:
    """Shift and scale grey values and add the channel axis: ``(..., H, W)`` to ``(..., H, W, 1) float32``."""
    subtract, divide = normalisation
    return ((grey - np.float32(subtract)) / np.float32(divide)).astype(np.float32)[..., np.newaxis]


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
