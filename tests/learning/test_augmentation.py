from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from TumorApp.imaging.phantom import draw_phantom
from TumorApp.learning.augmentation import Ranges, augment
from TumorApp.learning.dataset import SOFT_TISSUE_HU, UNKNOWN
from TumorApp.learning.hounsfield import AIR_HU

DRAWN = draw_phantom(0)
TARGETS = np.stack([DRAWN.labels[::2, ::2] >= 1, DRAWN.labels[::2, ::2] == 2], axis=-1).astype(np.int8)
HOUNSFIELD = -160 + DRAWN.grey[::2, ::2].astype(np.float32) * np.float32(400 / 255)
UNSPOILT = {"gamma": (1, 1), "coarse": 0, "blur_px": 0.21, "noise": 0, "jpeg_quality": (100, 101)}
UNMOVED = {
    **{"turn_deg": 0, "scale": (1, 1), "stretch": 0, "shift": 0},
    **{"mirrored": 0, "upside_down": 0, "quarter_turned": 0},
}
STILL = Ranges(**UNMOVED, **UNSPOILT, own_window=1)  # type: ignore[arg-type]


def changed(ranges: Ranges, seed: int = 0, hounsfield: np.ndarray = HOUNSFIELD) -> tuple[np.ndarray, np.ndarray]:
    return augment(hounsfield, TARGETS, SOFT_TISSUE_HU, np.random.default_rng(seed), ranges)


def test_the_same_seed_changes_alike() -> None:
    first, again, other = changed(Ranges(), 7), changed(Ranges(), 7), changed(Ranges(), 8)
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[0] != other[0]).any()


@pytest.mark.parametrize("seed", range(12))
def test_shapes_and_ranges(seed: int) -> None:
    grey, targets = changed(Ranges(), seed)
    assert grey.shape == (128, 128)
    assert grey.dtype == np.float32
    assert 0 <= grey.min() <= grey.max() <= 255
    assert targets.shape == (128, 128, 2)
    assert set(np.unique(targets)) <= {0, 1}


def test_without_changes_everything_stays() -> None:
    grey, targets = changed(STILL)
    assert np.abs(grey - DRAWN.grey[::2, ::2]).mean() < 1
    np.testing.assert_array_equal(targets, TARGETS)


@pytest.mark.parametrize("seed", range(8))
def test_slice_and_targets_move_together(seed: int) -> None:
    moving = Ranges(**UNSPOILT, own_window=1, mirrored=0.5, upside_down=0.5, quarter_turned=0.5)  # type: ignore[arg-type]
    liver = np.where(TARGETS[..., 0] == 1, 240, -160).astype(np.float32)
    grey, targets = changed(moving, seed, liver)
    assert np.mean((grey > 127) != (targets[..., 0] == 1)) < 0.01


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"mirrored": 1}, TARGETS[:, ::-1]),
        ({"upside_down": 1}, TARGETS[::-1]),
        ({"mirrored": 1, "upside_down": 1}, TARGETS[::-1, ::-1]),
    ],
)
def test_mirroring(change: dict[str, float], expected: np.ndarray) -> None:
    _, targets = changed(replace(STILL, **change))  # type: ignore[arg-type]
    np.testing.assert_array_equal(targets, expected)


def test_quarter_turns_go_both_ways() -> None:
    ranges = replace(STILL, quarter_turned=1)
    seen = {changed(ranges, seed)[1].tobytes() for seed in range(12)}
    assert seen == {np.rot90(TARGETS).tobytes(), np.rot90(TARGETS, 3).tobytes()}


def test_an_unknown_channel_stays_unknown_to_the_edge() -> None:
    unknown = TARGETS.copy()
    unknown[..., 0] = UNKNOWN
    _, targets = augment(HOUNSFIELD, unknown, SOFT_TISSUE_HU, np.random.default_rng(1))
    assert (targets[..., 0] == UNKNOWN).all()


def test_every_kind_of_window_occurs() -> None:
    """Fat and liver are close in a full-range window, apart in one of soft tissue; in that of liver fat is black."""
    scale = np.full((128, 128), AIR_HU, np.float32)
    scale[:, 32:64], scale[:, 64:] = -100, 60
    other = replace(STILL, own_window=0)
    fat, liver = np.array([changed(other, seed, scale)[0][64, [48, 96]] for seed in range(60)]).T
    kinds = {"full": (fat > 0) & (liver - fat < 50), "soft": (fat > 0) & (liver - fat > 60), "liver": fat == 0}
    assert all(8 < kind.sum() < 40 for kind in kinds.values()), kinds
    assert (liver > fat).sum() > 50


def test_each_kind_of_spoiling_occurs() -> None:
    edges = np.zeros((128, 128), np.float32)
    edges[:, 64:] = 100
    plain = changed(STILL, 0, edges)[0]
    for change in ({"noise": 20}, {"blur_px": 3}, {"coarse": 1}, {"gamma": (0.5, 0.6)}, {"jpeg_quality": (5, 6)}):
        spoilt = [changed(replace(STILL, **change), seed, edges)[0] for seed in range(40)]  # type: ignore[arg-type]
        different = sum(np.abs(one - plain).max() > 3 for one in spoilt)
        assert 0 < different <= 40, change
