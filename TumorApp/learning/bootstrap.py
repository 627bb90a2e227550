"""How far a figure could be different on other people like these: bootstrap intervals by person."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import numpy as np

DRAWS = 2000
"""Efron & Tibshirani 1993 (An Introduction to the Bootstrap, chapter 12) ask for 1,000 or more for an interval."""
SEED = 2018
SHARE = 0.95


def interval(parts: Sequence[tuple[float, float]], draws: int = DRAWS, seed: int = SEED) -> tuple[float, float]:
    """Return the 95 % percentile interval of a figure that is a ratio of sums over people.

    People are drawn with replacement, as many as there are, and the figure is formed anew each time (Efron 1979,
    doi:10.1214/aos/1176344552). Drawing slices instead would pretend that neighbours of one body are independent, and
    give intervals that are far too narrow. Pooled Dice, mean over people, mean over slices and sensitivity are all such
    ratios.

    Args:
        parts: For each person what they add to numerator and denominator.
        draws: Times to draw. Those in which the denominator is 0 are left out.
        seed: Of the draws; the same seed draws the same people.

    Returns:
        Lower and upper end; nan where fewer than two people add anything: one person says nothing about others.
    """
    if sum(denominator > 0 for _, denominator in parts) < 2:
        return nan, nan
    numerators, denominators = np.asarray(parts, np.float64).T
    rng = np.random.default_rng(seed)
    times_drawn = rng.multinomial(len(parts), [1 / len(parts)] * len(parts), size=draws)
    totals = times_drawn @ denominators
    kept = totals > 0
    values = (times_drawn @ numerators)[kept] / totals[kept]
    low, high = np.percentile(values, [50 * (1 - SHARE), 50 * (1 + SHARE)])
    return float(low), float(high)
