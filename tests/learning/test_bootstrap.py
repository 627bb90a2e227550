from __future__ import annotations

import math

import numpy as np
import pytest

from TumorApp.learning.bootstrap import interval


def test_people_who_are_all_alike_leave_no_doubt() -> None:
    low, high = interval([(3.0, 4.0)] * 5)
    assert low == high == 0.75


def test_two_people_by_hand() -> None:
    """Of two people, a quarter of the draws has only the first, a quarter only the second, half has both."""
    low, high = interval([(0.0, 1.0), (1.0, 1.0)])
    assert (low, high) == (0, 1)


def test_the_ratio_is_of_sums_and_not_a_mean_of_ratios() -> None:
    """Drawn once each, the people give (1 + 0) / (1 + 9) = 0.1; no draw can give anything but 0, 0.1 and 1."""
    low, high = interval([(1.0, 1.0), (0.0, 9.0)], draws=1, seed=3)
    assert low == high
    assert low in (0, 0.1, 1)
    middle = [interval([(1.0, 1.0), (0.0, 9.0)], draws=1, seed=seed)[0] for seed in range(20)]
    assert 0.1 in middle


def test_it_agrees_with_the_normal_approximation() -> None:
    values = np.random.default_rng(1).normal(0.6, 0.1, 400)
    low, high = interval([(value, 1.0) for value in values])
    half = 1.96 * values.std(ddof=1) / math.sqrt(len(values))
    assert low == pytest.approx(values.mean() - half, abs=0.003)
    assert high == pytest.approx(values.mean() + half, abs=0.003)


def test_the_same_seed_gives_the_same_interval() -> None:
    parts = [(0.2, 1.0), (0.9, 1.0), (0.4, 1.0)]
    assert interval(parts) == interval(parts)
    assert interval(parts, draws=50, seed=1) != interval(parts, draws=50, seed=2)


def test_draws_without_a_denominator_are_left_out() -> None:
    low, high = interval([(0.0, 0.0), (1.0, 2.0), (1.0, 2.0)])
    assert (low, high) == (0.5, 0.5)


@pytest.mark.parametrize("parts", [[], [(1.0, 2.0)], [(1.0, 2.0), (0.0, 0.0)]])
def test_one_person_says_nothing_about_others(parts: list[tuple[float, float]]) -> None:
    assert all(math.isnan(end) for end in interval(parts))
