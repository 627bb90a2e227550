"""Draws an abdominal slice from plain geometry: a body, its organs, and lesions in the liver, whose truth is known.

It lets anyone try the application without patient data, and is shown as what it is. Tissues have one mean value each
in Hounsfield units, chosen by eye to look like the portal venous phase in a soft-tissue window; no claim to realism.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import cv2
import numpy as np
from PIL import Image

from TumorApp.imaging.records import LIVER, TUMOUR, Float32, Uint8

SIZE = 256
WINDOW_HU = (-160.0, 240.0)
AIR, FAT, MUSCLE, LIVER_HU, SPLEEN, KIDNEY, VESSEL, BONE, LESION = -1000, -100, 55, 110, 120, 170, 180, 400, 50
NOISE_HU = 12.0
BLUR_PX = 0.8
"""Point spread of the drawing, so that borders are as soft as those of a scanner's soft-tissue kernel."""


@dataclass(frozen=True, slots=True, eq=False)
class Phantom:
    """A drawn slice and its truth.

    Attributes:
        grey: ``(256, 256) uint8``.
        labels: ``(256, 256) uint8``: 0 background, 1 liver, 2 tumour.
    """

    grey: Uint8
    labels: Uint8


def draw_phantom(seed: int = 0, *, lesions: int = 1) -> Phantom:
    """Draw a phantom slice; the same seed draws the same slice.

    Args:
        seed: Chooses shape, position and noise.
        lesions: Number of lesions in the liver, 0 to 3.
    """
    rng = np.random.default_rng(seed)
    hu = np.full((SIZE, SIZE), AIR, np.float32)
    _draw_body(hu, rng)
    labels = _draw_liver(hu, rng)
    for _ in range(lesions):
        _draw_lesion(hu, labels, rng)
    soft = np.asarray(cv2.GaussianBlur(hu, (0, 0), BLUR_PX), np.float32)
    soft += cv2.GaussianBlur(rng.normal(0, NOISE_HU * 2, hu.shape).astype(np.float32), (0, 0), 0.7)
    low, high = WINDOW_HU
    grey = ((soft - low) * 255 / (high - low)).clip(0, 255).astype(np.uint8)
    return Phantom(grey=grey, labels=labels)


def phantom_png(seed: int = 0) -> bytes:
    """Return a drawn slice as the bytes of a PNG file."""
    file = io.BytesIO()
    Image.fromarray(draw_phantom(seed).grey).save(file, "PNG")
    return file.getvalue()


def _ellipse(
    hu: Float32 | Uint8, centre: tuple[float, float], axes: tuple[float, float], turn: float, value: float
) -> None:
    """Fill an ellipse; ``centre`` and half ``axes`` in pixels as (x, y), ``turn`` in degrees."""
    middle = (round(centre[0]), round(centre[1]))
    cv2.ellipse(hu, middle, (round(axes[0]), round(axes[1])), turn, 0, 360, value, cv2.FILLED)


def _draw_body(hu: Float32, rng: np.random.Generator) -> None:
    """Everything but the liver, from the skin inwards, the spine at the bottom."""
    wide, high = rng.uniform(104, 114), rng.uniform(76, 86)
    _ellipse(hu, (128, 130), (wide, high), 0, FAT)
    _ellipse(hu, (128, 131), (wide - 9, high - 9), 0, MUSCLE)
    _ellipse(hu, (128, 126), (wide - 16, high - 18), 0, FAT)
    for angle in np.linspace(0.15, 0.85, 6):  # ribs, cut across
        for side in (-1, 1):
            x = 128 + side * (wide - 12) * np.sin(np.pi * angle)
            _ellipse(hu, (x, 131 - (high - 12) * np.cos(np.pi * angle)), (5, 3), 90 * side * (0.5 - angle), BONE)
    _ellipse(hu, (128, 186), (15, 13), 0, BONE)
    _ellipse(hu, (128, 186), (11, 9), 0, BONE // 2)
    _ellipse(hu, (128, 203), (6, 6), 0, MUSCLE)  # spinal canal
    _ellipse(hu, (100, 190), (17, 12), 20, MUSCLE)
    _ellipse(hu, (156, 190), (17, 12), -20, MUSCLE)
    _ellipse(hu, (136, 163), (8, 8), 0, VESSEL)  # aorta
    _ellipse(hu, (196, 150 + rng.uniform(-6, 6)), (16, 30), 25, SPLEEN)
    _ellipse(hu, (172, 172), (13, 17), 20, KIDNEY)
    _ellipse(hu, (172, 100 + rng.uniform(-6, 6)), (34, 19), -15, MUSCLE - 20)  # stomach
    _ellipse(hu, (176, 90), (15, 6), 0, AIR)


def _draw_liver(hu: Float32, rng: np.random.Generator) -> Uint8:
    """Right and left lobe with portal vessels and the inferior vena cava beside them."""
    labels = np.zeros(hu.shape, np.uint8)
    shift = rng.uniform(-4, 4)
    _ellipse(labels, (78, 126 + shift), (44, 52), 12, LIVER)
    _ellipse(labels, (118, 98 + shift), (38, 20), -18, LIVER)
    hu[labels == LIVER] = LIVER_HU
    _ellipse(hu, (112, 158), (9, 7), 0, VESSEL - 20)  # inferior vena cava
    labels[cv2.circle(np.zeros_like(labels), (112, 158), 10, 1, cv2.FILLED) > 0] = 0
    for x, y, turn in ((92, 128, 30), (80, 108, -40), (74, 148, 70)):
        _ellipse(hu, (x, y + shift), (11, 2), turn + rng.uniform(-15, 15), VESSEL - 20)
    return labels


def _draw_lesion(hu: Float32, labels: Uint8, rng: np.random.Generator) -> None:
    """One hypodense lesion of 18 to 30 px across, wholly inside the liver."""
    radius = rng.uniform(9, 15)
    reach = cv2.distanceTransform((labels == LIVER).astype(np.uint8), cv2.DIST_L2, 5)
    rows, columns = np.nonzero(reach > radius + 4)
    if not len(rows):
        return
    pick = rng.integers(len(rows))
    region = np.zeros_like(labels)
    _ellipse(region, (columns[pick], rows[pick]), (radius, radius * rng.uniform(0.75, 1)), rng.uniform(0, 180), 1)
    hu[region > 0] = LESION + rng.uniform(-10, 10)
    labels[region > 0] = TUMOUR
