"""The nouns of an analysis, as frozen records.

Array conventions, everywhere in ``imaging``:

* A picture is ``(H, W)``: axis 0 runs down the rows, axis 1 along the columns.
* ``grey`` is float32, 0..255, 0 black; ``probability`` is 0..1; a ``mask`` is bool.
* *Own grid* is the pixel grid of the slice as uploaded, after its EXIF orientation was applied. *Network grid* is the
  square grid that the network sees, 128×128 for the default network.
* Boxes are ``(x, y, width, height)`` in pixels, ``x`` and ``y`` counted from 0 at the upper left pixel.
* ``spacing_mm`` is ``(row, column)``: the distance of neighbouring rows, then of neighbouring columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Float32 = NDArray[np.float32]
Uint8 = NDArray[np.uint8]
Mask = NDArray[np.bool_]
Box = tuple[int, int, int, int]

BACKGROUND, LIVER, TUMOUR = 0, 1, 2
"""Values of a label mask, the same in data folders, exported masks and on the page."""


Sureness = Literal["sure", "unsure", "very unsure"]
"""How sure the network is, in words; see ``imaging.confidence`` for where each begins."""


@dataclass(frozen=True, slots=True)
class CTSlice:
    """One axial slice, read from a file.

    Attributes:
        grey: ``(H, W) float32``, 0..255.
        file_format: What it was read from, such as ``"PNG"``.
        spacing_mm: ``(row, column)`` in millimetres, or None where the file gives none.
        warnings: Sentences for the reader about how the file was understood.
    """

    grey: Float32
    file_format: str
    spacing_mm: tuple[float, float] | None = None
    warnings: tuple[str, ...] = ()

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.grey.shape[0], self.grey.shape[1]


class Stage(IntEnum):
    """The original's size class. It is no TNM stage and says nothing about spread."""

    I = 1  # noqa: E741 - the stages are written I, II, III
    II = 2
    III = 3


@dataclass(frozen=True, slots=True)
class SizeRule:
    """What the original's size rule says of a slice.

    Attributes:
        stage: From the largest extent; None where no box counts.
        extent: ``(width + height) / 2`` of the largest counting box, in pixels of the 128×128 grid; None likewise.
        boxes: Every counting box on the 128×128 grid, largest extent first.
    """

    stage: Stage | None
    extent: float | None
    boxes: tuple[Box, ...]


@dataclass(frozen=True, slots=True)
class Lesion:
    """One connected region of tumour on the slice's own grid.

    Attributes:
        box: Bounding box in own pixels.
        area_px: Pixels inside.
        area_mm2: Area in square millimetres, None without spacing.
        diameter_mm: Longest diameter in the slice's plane in millimetres, None without spacing.
        perimeter_px: Length of the outline in pixels.
        eccentricity: Of the ellipse with the same second moments: 0 a circle, towards 1 a line.
        location: Where in the slice it lies, in words.
        confidence: 0..1: the measured chance that there is a tumour where it was marked, or, where the card has no such
            measurement, the mean tumour probability inside.
        sureness: The same in words; None where nothing was measured and the probability gives no reason for doubt.
    """

    box: Box
    area_px: int
    area_mm2: float | None
    diameter_mm: float | None
    perimeter_px: float
    eccentricity: float
    location: str
    confidence: float
    sureness: Sureness | None = None


AffectedOf = Literal["liver", "slice"]


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """Everything that was found in one slice.

    Attributes:
        ct_slice: The slice itself.
        labels: ``(H, W) uint8`` on the own grid: 0 background, 1 liver, 2 tumour.
        lesions: Largest first; each passes the card's smallest size.
        size_rule: Stage, extent and counting boxes by the original's rule.
        affected_percent: 100 × tumour / (liver or tumour); None where neither was found.
        affected_of: ``"slice"`` where no liver was found and the whole slice stands in for it.
        liver_area_px: Liver in own pixels, its tumours included.
        tumour_area_px: Tumour in own pixels.
        slice_score: How strongly the slice speaks for a tumour, 0..1, whether or not one was marked; see
            ``plausibility.slice_score``.
        tumour_chance: The same as a measured chance, 0..1, that the slice shows a tumour; None where the card has no
            such measurement.
        sureness: How sure the network is of a tumour, or of none; None likewise.
        confidence_measured: Whether the lesions' confidence is a measured chance.
        warnings: Sentences that the reader must see beside the numbers.
        model: Name of the network, as its folder is called.
        model_version: Version in its card.
        model_sha256: Of the weights that answered.
        seconds: From bytes to findings.
    """

    ct_slice: CTSlice
    labels: Uint8
    lesions: tuple[Lesion, ...]
    size_rule: SizeRule
    affected_percent: float | None
    affected_of: AffectedOf
    liver_area_px: int
    tumour_area_px: int
    slice_score: float
    tumour_chance: float | None
    sureness: Sureness | None
    confidence_measured: bool
    warnings: tuple[str, ...]
    model: str
    model_version: str
    model_sha256: str
    seconds: float

    @property
    def tumour_detected(self) -> bool:
        """Whether any lesion passes the card's smallest size."""
        return bool(self.lesions)
