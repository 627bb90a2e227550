from __future__ import annotations

import numpy as np
import pytest

from tests.phantoms import card, disc, rectangle
from TumorApp.imaging.preprocessing import equalise, pad_to_square, prepare, to_network_grid, to_own_grid


def test_spec_normalisation() -> None:
    grey = np.full((128, 128), 254, np.float32)
    grey[0, 0] = 0
    prepared = prepare(grey, card())
    assert prepared.shape == (128, 128, 1)
    assert prepared.dtype == np.float32
    assert prepared[5, 5, 0] == 1
    assert prepared[0, 0, 0] == -1


def test_right_size_passes_unchanged() -> None:
    grey = np.arange(128 * 128, dtype=np.float32).reshape(128, 128) % 255
    np.testing.assert_array_equal(to_network_grid(grey, 128), grey)


def test_noise_is_averaged_away_when_shrinking() -> None:
    noise = np.random.default_rng(0).normal(127, 20, (512, 512)).astype(np.float32)
    assert to_network_grid(noise, 128).std() < 20 / 2.5


@pytest.mark.parametrize("shape", [(512, 512), (300, 200), (200, 300), (97, 128), (1000, 4096), (50, 50)])
def test_a_disc_returns_to_where_it_was(shape: tuple[int, int]) -> None:
    radius = min(shape) / 5
    there = disc(shape, (shape[0] * 0.6, shape[1] * 0.4), radius)
    back = to_own_grid(to_network_grid(there.astype(np.float32) * 255, 128) / 255, shape) >= 0.5
    assert back.shape == shape
    grid_pixel = max(shape) / 128
    wrong = np.count_nonzero(back != there)
    assert wrong < 2 * np.pi * radius * grid_pixel  # less than one grid pixel along the outline


def test_other_shapes_are_padded_not_distorted() -> None:
    padded = pad_to_square(rectangle((100, 60), 0, 0, 60, 100))
    assert padded.shape == (100, 100)
    assert not padded[:, 60:].any()


def test_each_input_is_a_channel() -> None:
    grey = np.arange(128 * 128, dtype=np.float32).reshape(128, 128) % 255
    prepared = prepare(grey, card(inputs=("equalised", "grey")))
    assert prepared.shape == (128, 128, 2)
    np.testing.assert_array_equal(prepared[..., 1], (grey - 127) / np.float32(127))
    np.testing.assert_allclose(prepared[..., 0], (equalise(grey) - 127) / 127, rtol=1e-6)


def test_equalised_by_hand() -> None:
    # Black does not count; of the four others one is darkest, two are in the middle, one is brightest.
    grey = np.array([[0, 0, 50], [100, 100, 200]], np.float32)
    expected = np.array([[0, 0, 0.5], [2, 2, 3.5]]) / 4 * 255
    np.testing.assert_allclose(equalise(grey), expected, rtol=1e-6)


def test_equalised_slices_do_not_know_their_window() -> None:
    rng = np.random.default_rng(0)
    wide = rng.uniform(100, 140, (64, 64)).astype(np.float32)
    narrow = (wide - 90) * 4
    assert np.abs(equalise(wide) - equalise(narrow)).max() < 2


def test_a_black_slice_stays_black() -> None:
    assert not equalise(np.zeros((8, 8), np.float32)).any()
