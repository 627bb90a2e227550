from __future__ import annotations

import numpy as np
import pytest

from TumorApp.imaging.phantom import draw_phantom
from TumorApp.learning.augmentation import Ranges, augment
from TumorApp.learning.dataset import UNKNOWN

DRAWN = draw_phantom(0)
GREY = DRAWN.grey[::2, ::2]
TARGETS = np.stack([DRAWN.labels[::2, ::2] >= 1, DRAWN.labels[::2, ::2] == 2], axis=-1).astype(np.int8)
STILL = Ranges(turn_deg=0, scale=(1, 1), shift=0, window_share=0, gamma=(1, 1), noise=0, blur_px=0.21, mirror_share=0)


def test_the_same_seed_changes_alike() -> None:
    first, again = (augment(GREY, TARGETS, 96, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])


@pytest.mark.parametrize("seed", range(8))
def test_shapes_and_ranges(seed: int) -> None:
    grey, targets = augment(GREY, TARGETS, 96, np.random.default_rng(seed))
    assert grey.shape == (96, 96)
    assert grey.dtype == np.float32
    assert 0 <= grey.min() <= grey.max() <= 255
    assert targets.shape == (96, 96, 2)
    assert set(np.unique(targets)) <= {0, 1}


def test_without_changes_everything_stays() -> None:
    grey, targets = augment(GREY, TARGETS, 128, np.random.default_rng(0), STILL)
    assert np.abs(grey - GREY).mean() < 1
    np.testing.assert_array_equal(targets, TARGETS)


def test_slice_and_targets_move_together() -> None:
    picture = TARGETS[..., 0].astype(np.uint8) * 200
    moving = Ranges(window_share=0, gamma=(1, 1), noise=0, blur_px=0.21, mirror_share=0.5)
    for seed in range(6):
        grey, targets = augment(picture, TARGETS, 96, np.random.default_rng(seed), moving)
        disagree = np.mean((grey > 100) != (targets[..., 0] == 1))
        assert disagree < 0.01


def test_mirroring_swaps_the_sides() -> None:
    mirrored = Ranges(
        turn_deg=0, scale=(1, 1), shift=0, window_share=0, gamma=(1, 1), noise=0, blur_px=0.21, mirror_share=1
    )
    _, targets = augment(GREY, TARGETS, 128, np.random.default_rng(0), mirrored)
    np.testing.assert_array_equal(targets, TARGETS[:, ::-1])


def test_an_unknown_channel_stays_unknown_to_the_edge() -> None:
    unknown = TARGETS.copy()
    unknown[..., 0] = UNKNOWN
    _, targets = augment(GREY, unknown, 128, np.random.default_rng(1))
    assert (targets[..., 0] == UNKNOWN).all()


def test_air_stays_black_in_every_window() -> None:
    window = Ranges(
        turn_deg=0, scale=(1, 1), shift=0, window_share=1, gamma=(1, 1), noise=0, blur_px=0.21, mirror_share=0
    )
    for seed in range(6):
        grey, _ = augment(GREY, TARGETS, 128, np.random.default_rng(seed), window)
        assert grey[:8, :8].max() == 0
