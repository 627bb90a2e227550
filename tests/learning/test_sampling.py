from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from TumorApp.learning.dataset import UNKNOWN, Samples
from TumorApp.learning.sampling import OUTLINED_SHARE, Batches, with_phantoms

SIZE = 32


def samples() -> Samples:
    """One person with 90 outlined slices, one with 2, one whose tumours nobody outlined; grey tells the person."""
    people = np.array(["many"] * 90 + ["few"] * 2 + ["liver"] * 8)
    grey = np.zeros((100, SIZE, SIZE), np.uint8)
    targets = np.zeros((100, SIZE, SIZE, 2), np.int8)
    targets[:, 8:24, 8:24, 0] = 1
    targets[:45, 10:14, 10:14, 1] = 1
    targets[90, 10:14, 10:14, 1] = 1
    targets[92:, 8:24, 8:24, 1] = UNKNOWN
    return Samples(grey, targets, people)


def batches(seed: int = 0, steps: int = 3) -> Batches:
    return Batches(samples(), window=SIZE, batch_size=4, steps=steps, normalisation=(127.0, 127.0), seed=seed)


def test_a_batch_has_the_documented_shape() -> None:
    slices, targets = batches()[0]
    assert len(batches()) == 3
    assert slices.shape == (4, SIZE, SIZE, 1)
    assert targets.shape == (4, SIZE, SIZE, 2)
    assert slices.dtype == targets.dtype == np.float32


def test_the_seed_decides_in_any_order() -> None:
    one, other = batches(), batches()
    last, first = other[2], other[0]
    np.testing.assert_array_equal(one[0][0], first[0])
    np.testing.assert_array_equal(one[2][0], last[0])
    assert (batches(seed=1)[0][0] != first[0]).any()


def test_the_next_epoch_draws_anew() -> None:
    drawn = batches()
    before = drawn[0][0]
    drawn.on_epoch_end()
    assert (drawn[0][0] != before).any()


def test_people_count_and_not_their_slices() -> None:
    drawn = batches()
    rng = np.random.default_rng(0)
    people = Counter(drawn._samples.patients[drawn._draw(rng)] for _ in range(4000))
    assert people["many"] / people["few"] == pytest.approx(1, abs=0.15)
    outlined = (people["many"] + people["few"]) / (4000 - people["phantom"])
    assert abs(outlined - OUTLINED_SHARE) < 0.04
    assert people["phantom"]


def test_phantoms_come_with_their_truth() -> None:
    grown = with_phantoms(samples())
    drawn = grown.patients == "phantom"
    assert drawn.sum() == 24
    assert (grown.targets[drawn] != UNKNOWN).all()
    assert (grown.targets[drawn][..., 1] == 1).any()
