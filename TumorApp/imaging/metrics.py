"""Agreement of masks, as arithmetic on arrays. A figure that does not exist is nan, never 0 and never 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np

from TumorApp.imaging.records import Mask


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixel counts of a predicted mask A and a true mask B; they add up over slices.

    Attributes:
        both: Pixels in both masks.
        predicted: Pixels in the predicted mask.
        true: Pixels in the true mask.
        pixels: Pixels of the slice.
    """

    both: int
    predicted: int
    true: int
    pixels: int

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(
            self.both + other.both,
            self.predicted + other.predicted,
            self.true + other.true,
            self.pixels + other.pixels,
        )

    @property
    def union(self) -> int:
        """Pixels in either mask."""
        return self.predicted + self.true - self.both

    @property
    def both_empty(self) -> bool:
        """Whether neither mask has a pixel, so that there is nothing to agree about."""
        return not self.union

    @property
    def dice(self) -> float:
        """``2·|A∩B| / (|A| + |B|)`` (Dice 1945, doi:10.2307/1932409); nan where both masks are empty."""
        total = self.predicted + self.true
        return 2 * self.both / total if total else nan

    @property
    def iou(self) -> float:
        """``|A∩B| / |A∪B|`` (Jaccard 1912, doi:10.1111/j.1469-8137.1912.tb05611.x); nan where both are empty."""
        return self.both / self.union if self.union else nan

    @property
    def precision(self) -> float:
        """Share of the predicted pixels that are true; nan where nothing was predicted."""
        return self.both / self.predicted if self.predicted else nan

    @property
    def recall(self) -> float:
        """Share of the true pixels that were predicted; nan where nothing is true."""
        return self.both / self.true if self.true else nan

    @property
    def pixel_accuracy(self) -> float:
        """Share of the slice's pixels that both masks call the same; nan where both masks are empty.

        Mostly background, so it is close to 1 even for a network that finds nothing (the original's 98 %). A slice on
        which neither mask has a pixel would score 1 for nothing, and so has no accuracy.
        """
        return (self.pixels - self.union + self.both) / self.pixels if self.union else nan

    @property
    def volumetric_overlap_error(self) -> float:
        """``1 - |A∩B| / |A∪B|`` (Heimann et al. 2009, doi:10.1109/TMI.2009.2013851), 0 the best; nan as ``iou``."""
        return 1 - self.iou

    @property
    def relative_volume_difference(self) -> float:
        """``(|A| - |B|) / |B|`` (Heimann et al. 2009), above 0 for too much; nan where nothing is true."""
        return (self.predicted - self.true) / self.true if self.true else nan


NOTHING = Overlap(0, 0, 0, 0)


def overlap(predicted: Mask, true: Mask) -> Overlap:
    """Count a predicted against a true mask, both ``(H, W) bool``.

    Raises:
        ValueError: If they are not on the same grid.
    """
    if predicted.shape != true.shape:
        raise ValueError(f"The masks lie on different grids: {predicted.shape} and {true.shape}.")
    return Overlap(
        both=int(np.count_nonzero(predicted & true)),
        predicted=int(np.count_nonzero(predicted)),
        true=int(np.count_nonzero(true)),
        pixels=true.size,
    )


def pooled(overlaps: Iterable[Overlap]) -> Overlap:
    """Add overlaps up, as if all slices were one."""
    return sum(overlaps, NOTHING)


def mean_defined(values: Iterable[float]) -> float:
    """Return the mean of the values that exist; nan where none does."""
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else nan
