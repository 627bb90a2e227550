"""Slices and masks whose answers are geometry."""

from __future__ import annotations

import io
import math

import numpy as np
from PIL import Image

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.records import Analysis, CTSlice, SizeRule


def disc(shape: tuple[int, int], centre: tuple[float, float], radius: float) -> np.ndarray:
    """A bool mask; ``centre`` is (row, column)."""
    rows, columns = np.indices(shape)
    return np.hypot(rows - centre[0], columns - centre[1]) <= radius


def rectangle(shape: tuple[int, int], x: int, y: int, width: int, height: int) -> np.ndarray:
    """A bool mask filled from (x, y)."""
    mask = np.zeros(shape, bool)
    mask[y : y + height, x : x + width] = True
    return mask


def encoded(pixels: np.ndarray | Image.Image, file_format: str = "PNG", **options: object) -> bytes:
    """The bytes of a picture file."""
    picture = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    picture.save(file, file_format, **options)
    return file.getvalue()


def phantom_bytes(seed: int = 0, lesions: int = 1) -> bytes:
    return encoded(draw_phantom(seed, lesions=lesions).grey)


def card(**changes: object) -> ModelCard:
    values: dict[str, object] = {
        "name": "test",
        "version": "1",
        "network": "dilated_unet",
        "input_size": 128,
        "resize": "bicubic",
        "window_hu": (-160.0, 240.0),
        "normalisation": (127.0, 127.0),
        "channels": ("liver", "tumour"),
        "thresholds": {"liver": 0.5, "tumour": 0.5},
        "smallest_lesion_px": 6,
    }
    return ModelCard(**{**values, **changes})  # type: ignore[arg-type]


def analysis(**changes: object) -> Analysis:
    """A record of a slice in which nothing was found, for changing one thing at a time."""
    values: dict[str, object] = {
        "ct_slice": CTSlice(np.full((64, 64), 100, np.float32), "PNG"),
        "labels": np.zeros((64, 64), np.uint8),
        "lesions": (),
        "size_rule": SizeRule(None, None, ()),
        "affected_percent": None,
        "affected_of": "slice",
        "liver_area_px": 0,
        "tumour_area_px": 0,
        "slice_score": 0.0,
        "tumour_chance": None,
        "sureness": None,
        "confidence_measured": False,
        "warnings": (),
        "model": "test",
        "model_version": "1",
        "model_sha256": "0" * 64,
        "seconds": 0.01,
    }
    return Analysis(**{**values, **changes})  # type: ignore[arg-type]


def disc_area(radius: float) -> float:
    return math.pi * radius**2
