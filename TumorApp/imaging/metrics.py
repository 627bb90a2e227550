"""Agreement of masks, as arithmetic on arrays. A figure that does not exist is nan, never 0 and never 1."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np

from TumorApp.imaging.records import Mask


@dataclass(frozen=True, slots=True)
class Overlap:
    """Pixel counts of a predicted and a true mask; they add up over slices.

    Attributes:
        both: Pixels in both masks.
        predicted: Pixels in the predicted mask.
        true: Pixels in the true mask.
    """

    both: int
    predicted: int
    true: int

    def __add__(self, other: Overlap) -> Overlap:
        return Overlap(self.both + other.both, self.predicted + other.predicted, self.true + other.true)

    @property
    def dice(self) -> float:
        """``2·|A∩B| / (|A| + |B|)`` (Dice 1945); nan where both masks are empty."""
        total = self.predicted + self.true
        return 2 * self.both / total if total else nan

    @property
    def iou(self) -> float:
        """``|A∩B| / |A∪B|`` (Jaccard 1912); nan where both masks are empty."""
        union = self.predicted + self.true - self.both
        return self.both / union if union else nan

    @property
    def precision(self) -> float:
        """Share of the predicted pixels that are true; nan where nothing was predicted."""
        return self.both / self.predicted if self.predicted else nan

    @property
    def recall(self) -> float:
        """Share of the true pixels that were predicted; nan where nothing is true."""
        return self.both / self.true if self.true else nan


NOTHING = Overlap(0, 0, 0)


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
    )


def pooled(overlaps: Iterable[Overlap]) -> Overlap:
    """Add overlaps up, as if all slices were one."""
    return sum(overlaps, NOTHING)


def mean_defined(values: Iterable[float]) -> float:
    """Return the mean of the values that exist; nan where none does."""
    defined = [value for value in values if value == value]
    return sum(defined) / len(defined) if defined else nan
