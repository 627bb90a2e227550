"""Whether a confidence means what it says: of all that is called 80 % sure, is four fifths right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np

BINS = 10
"""Tenths, wide enough that a few hundred lesions leave some in each; Guo et al. 2017 use 15 for tens of thousands."""


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers of similar confidence.

    Attributes:
        low: Lower end of the confidences, inside the bin.
        high: Upper end, outside of it, but for the last bin.
        count: Answers.
        mean_confidence: nan where there is no answer.
        share_right: Of the answers; nan likewise.
    """

    low: float
    high: float
    count: int
    mean_confidence: float
    share_right: float


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> tuple[Bin, ...]:
    """Sort answers into bins of equal width by their confidence.

    Args:
        confidences: 0..1.
        right: As many: whether each answer was right.
        bins: Number of bins.

    Raises:
        ValueError: If there are not as many confidences as answers.
    """
    if len(confidences) != len(right):
        raise ValueError(f"There are {len(confidences)} confidences for {len(right)} answers.")
    values, outcomes = np.asarray(confidences, np.float64), np.asarray(right, np.float64)
    place = (values * bins).astype(np.int64).clip(0, bins - 1)
    return tuple(
        _bin(index / bins, (index + 1) / bins, values[place == index], outcomes[place == index])
        for index in range(bins)
    )


def expected_calibration_error(found: Sequence[Bin]) -> float:
    """Return how far confidence and share of right answers lie apart, as a mean over answers.

    ``Σ count/total · |share_right - mean_confidence|`` (Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; Guo et al.
    2017, arXiv:1706.04599).

    Returns:
        0..1, 0 the best; nan where there is no answer.
    """
    total = sum(one.count for one in found)
    if not total:
        return nan
    return sum(one.count * abs(one.share_right - one.mean_confidence) for one in found if one.count) / total


def _bin(low: float, high: float, confidences: np.ndarray, right: np.ndarray) -> Bin:
    if not len(confidences):
        return Bin(low, high, 0, nan, nan)
    return Bin(low, high, len(confidences), float(confidences.mean()), float(right.mean()))
