"""Draws tumours into livers, so that a network sees more of them than anybody has outlined.

Networks that learn from drawn tumours segment real ones about as well as those that learn from outlined ones (Hu et
al., CVPR 2023, arXiv:2303.14869). Everything is drawn in Hounsfield units, before a window is chosen. Ranges are wide
on purpose and were set by comparing sheets of drawn lesions with the outlined ones of the training data by eye.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.records import Float32, Mask

FIELD_OF_VIEW_MM = 384.0
"""Side of a slice where nobody gives its spacing: 512 pixels of 0.75 mm, an ordinary abdominal scan."""
LOBES = 5
"""Waves around an outline, from two (an oval) on."""


@dataclass(frozen=True, slots=True)
class Appearance:
    """What drawn tumours look like; a pair is the range of a uniform draw.

    Attributes:
        diameter_mm: Smallest and largest diameter, drawn evenly in its logarithm.
        more: Chance that another lesion follows, after each; many at once are small.
        bright: Share of lesions brighter than the liver.
        contrast_hu: Of a lesion against the liver.
        axis_ratio: Short to long axis.
        roughness: Size of the waves around the outline, as a share of the radius.
        border_mm: Width of the transition at the border.
        core: Share of larger lesions with a necrotic core.
        core_hu: How much darker it is.
        rim: Share with an enhancing rim.
        rim_hu: How much brighter it is.
        calcified: Share with a calcification.
        calcification_hu: How much brighter it is.
        mass_effect: Share of larger lesions that push their surroundings away.
        mottling_hu: Standard deviation of coarse texture.
    """

    diameter_mm: tuple[float, float] = (3.0, 60.0)
    more: float = 0.45
    bright: float = 0.12
    contrast_hu: tuple[float, float] = (12.0, 75.0)
    axis_ratio: tuple[float, float] = (0.6, 1.0)
    roughness: tuple[float, float] = (0.05, 0.45)
    border_mm: tuple[float, float] = (0.6, 4.0)
    core: float = 0.3
    core_hu: tuple[float, float] = (8.0, 35.0)
    rim: float = 0.25
    rim_hu: tuple[float, float] = (8.0, 45.0)
    calcified: float = 0.04
    calcification_hu: tuple[float, float] = (100.0, 400.0)
    mass_effect: float = 0.4
    mottling_hu: tuple[float, float] = (0.0, 12.0)


LARGE_MM = 10.0
"""Diameter from which on a lesion may have a core, a rim or a mass effect: smaller ones do not show them at CT."""
MOST = 8
VESSEL_HU = 18.0
"""A place this much brighter than the liver's median is taken for a vessel, and no lesion is centred there."""
SMALLEST_LIVER_MM2 = 900.0
"""A section of liver smaller than this, 3 cm across, is left alone."""


def draw_lesions(
    hounsfield: Float32,
    liver: Mask,
    rng: np.random.Generator,
    *,
    spacing_mm: float | None = None,
    appearance: Appearance | None = None,
) -> tuple[Float32, Mask]:
    """Draw one or more lesions into a liver.

    Args:
        hounsfield: ``(S, S) float32``, Hounsfield units; not changed.
        liver: ``(S, S) bool``.
        rng: Source of all chance: the same state draws the same lesions.
        spacing_mm: Side of a pixel; ``FIELD_OF_VIEW_MM / S`` where nobody knows.
        appearance: What they look like.

    Returns:
        The slice with its lesions, ``(S, S) float32``, and where they are, ``(S, S) bool``; the slice as it was and an
        empty mask where the liver is too small.
    """
    look = appearance or Appearance()
    spacing_mm = spacing_mm or FIELD_OF_VIEW_MM / hounsfield.shape[0]
    tumour = np.zeros(liver.shape, np.bool_)
    area_mm2 = float(liver.sum()) * spacing_mm**2
    if area_mm2 < SMALLEST_LIVER_MM2:
        return hounsfield, tumour
    drawn = hounsfield.copy()
    tissue = _measure_tissue(hounsfield, liver)
    largest_mm = min(look.diameter_mm[1], 1.1 * float(np.sqrt(area_mm2)))
    count = 1
    while count < MOST and rng.random() < look.more:
        count += 1
    for _ in range(count):
        top_mm = largest_mm if count <= 2 else min(largest_mm, 25.0)
        diameter_mm = float(np.exp(rng.uniform(np.log(look.diameter_mm[0]), np.log(top_mm))))
        centre = tissue.places[rng.integers(len(tissue.places))]
        _draw_lesion(drawn, tumour, liver, tissue, _Draft(centre, diameter_mm, spacing_mm), rng, look)
    return drawn, tumour


@dataclass(frozen=True, slots=True, eq=False)
class _Tissue:
    """The liver without vessels: its median and the spread of its noise in HU, and where lesions may start."""

    median: float
    noise: float
    places: NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Draft:
    """Where a lesion goes: ``(row, column)`` of its centre, diameter and pixel side in mm."""

    centre: NDArray[np.intp]
    diameter_mm: float
    spacing_mm: float

    @property
    def radius_px(self) -> float:
        return self.diameter_mm / 2 / self.spacing_mm


def _measure_tissue(hounsfield: Float32, liver: Mask) -> _Tissue:
    smooth = np.asarray(cv2.GaussianBlur(hounsfield, (0, 0), 2.0))
    inner = np.asarray(cv2.erode(liver.astype(np.uint8), np.ones((3, 3), np.uint8))) > 0
    inner = inner if inner.any() else liver
    median = float(np.median(hounsfield[inner]))
    # The median absolute deviation is not moved by vessels; 1.4826 makes it a standard deviation (Rousseeuw 1993).
    noise = 1.4826 * float(np.median(np.abs((hounsfield - smooth)[inner])))
    calm = inner & (smooth < median + VESSEL_HU)
    return _Tissue(median, noise, np.argwhere(calm if calm.any() else inner))


def _draw_lesion(
    drawn: Float32,
    tumour: Mask,
    liver: Mask,
    tissue: _Tissue,
    draft: _Draft,
    rng: np.random.Generator,
    look: Appearance,
) -> None:
    """Draw one lesion into ``drawn`` and mark it in ``tumour``, both in place."""
    reach = int(np.ceil(1.9 * draft.radius_px)) + 4
    row, column = (int(at) for at in draft.centre)
    rows = slice(max(0, row - reach), min(liver.shape[0], row + reach + 1))
    columns = slice(max(0, column - reach), min(liver.shape[1], column + reach + 1))
    y, x = np.mgrid[rows, columns].astype(np.float32)
    y, x = y - row, x - column
    patch, inside = drawn[rows, columns], liver[rows, columns]
    large = draft.diameter_mm >= LARGE_MM
    if large and rng.random() < look.mass_effect:
        patch = _push_away(patch, inside, x, y, draft.radius_px)
    distance = _distance(x, y, draft.radius_px, rng, look)
    border_px = rng.uniform(*look.border_mm) / draft.spacing_mm
    steepness = draft.radius_px / max(border_px, 0.3)
    share = 1 / (1 + np.exp(np.clip(4 * steepness * (distance - 1), -30, 30)))
    edge = np.asarray(cv2.GaussianBlur(inside.astype(np.float32), (0, 0), 0.7))
    share = share * np.where(inside, np.maximum(edge, 0.5), 0)
    filling = tissue.median + _density(distance, large, tissue.median, rng, look)
    filling = filling + _texture(distance.shape, tissue.noise, rng.uniform(*look.mottling_hu), rng)
    if rng.random() < look.calcified:
        spot = np.hypot(x - rng.normal(0, draft.radius_px / 2), y - rng.normal(0, draft.radius_px / 2))
        filling = filling + rng.uniform(*look.calcification_hu) * (spot < rng.uniform(0.7, 2.0))
    drawn[rows, columns] = patch + share * (filling - patch)
    tumour[rows, columns] |= (distance < 1) & inside


def _distance(x: Float32, y: Float32, radius_px: float, rng: np.random.Generator, look: Appearance) -> Float32:
    """Distance from the centre in units of the outline: below 1 inside; an oval with waves around it."""
    turn = rng.uniform(0, 2 * np.pi)
    ratio = np.sqrt(rng.uniform(*look.axis_ratio))
    along = (x * np.cos(turn) + y * np.sin(turn)) * ratio
    across = (y * np.cos(turn) - x * np.sin(turn)) / ratio
    angle = np.arctan2(across, along)
    roughness = rng.uniform(*look.roughness)
    outline = np.ones_like(x)
    for waves in range(2, 2 + LOBES):
        outline = outline + roughness * rng.normal() / waves * np.cos(waves * angle + rng.uniform(0, 2 * np.pi))
    return np.asarray(np.hypot(along, across) / (max(radius_px, 0.8) * np.maximum(outline, 0.35)), np.float32)


def _density(distance: Float32, large: bool, median: float, rng: np.random.Generator, look: Appearance) -> Float32:
    """Difference from the liver in HU: plain, with a core or with a rim."""
    contrast = rng.uniform(*look.contrast_hu)
    # Solid tissue and fluid do not fall below water; only in a fatty liver, darker than that, may a lesion be.
    sign_hu = contrast if rng.random() < look.bright else -min(contrast, max(12.0, median + 5.0))
    density = np.full_like(distance, sign_hu)
    if large and rng.random() < look.core:
        edge = rng.uniform(0.3, 0.75)
        density -= rng.uniform(*look.core_hu) / (1 + np.exp(np.clip(12 * (distance - edge), -30, 30)))
    if large and rng.random() < look.rim:
        width = rng.uniform(0.06, 0.2)
        density += rng.uniform(*look.rim_hu) * np.exp(-(((distance - 1 + width) / width) ** 2))
    return density


def _texture(shape: tuple[int, ...], noise_hu: float, mottling_hu: float, rng: np.random.Generator) -> Float32:
    """Noise as fine and strong as the slice's own, and coarse mottling."""
    fine, coarse = rng.normal(size=(2, *shape)).astype(np.float32)
    fine = np.asarray(cv2.GaussianBlur(fine, (0, 0), 0.6))
    coarse = np.asarray(cv2.GaussianBlur(coarse, (0, 0), 2.5))
    texture = fine * (noise_hu / max(1e-6, float(fine.std())))
    return np.asarray(texture + coarse * (mottling_hu / max(1e-6, float(coarse.std()))), np.float32)


def _push_away(patch: Float32, inside: Mask, x: Float32, y: Float32, radius_px: float) -> Float32:
    """Move what surrounds a lesion outwards, most at its border, within the liver."""
    distance = np.hypot(x, y)
    pushed = 0.3 * radius_px * np.exp(-np.abs(distance - radius_px) / (0.5 * radius_px))
    factor = 1 - pushed / np.maximum(distance, 1)
    row, column = -y.min(), -x.min()
    moved = cv2.remap(
        patch,
        np.asarray(x * factor + column, np.float32),
        np.asarray(y * factor + row, np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.where(inside, np.asarray(moved), patch).astype(np.float32)
