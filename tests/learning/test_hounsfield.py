from __future__ import annotations

import numpy as np
import pytest

from tests.phantoms import disc
from TumorApp.learning.hounsfield import body_of, restore_range, show_window

BODY = disc((256, 256), (128, 128), 100)
LUNG = disc((256, 256), (110, 128), 30)
FAT = disc((256, 256), (180, 128), 5)
BONE = disc((256, 256), (205, 128), 10)
TRUE_HU = np.select([BONE, FAT, LUNG, BODY], [700.0, -100.0, -850.0, 60.0], -1000.0).astype(np.float32)


def restored(window_hu: tuple[float, float], seed: int = 0) -> np.ndarray:
    return restore_range(show_window(TRUE_HU, window_hu), window_hu, np.random.default_rng(seed))


@pytest.mark.parametrize("window_hu", [(-160.0, 240.0), (-40.0, 160.0), (0.0, 255.0)])
def test_what_was_cut_off_comes_back_where_it_belongs(window_hu: tuple[float, float]) -> None:
    back = restored(window_hu)
    assert back[~BODY].mean() == pytest.approx(-1000, abs=10)
    assert back[disc((256, 256), (110, 128), 20)].mean() == pytest.approx(-850, abs=10)
    assert back[FAT].mean() == pytest.approx(-100, abs=10)
    assert back[disc((256, 256), (205, 128), 4)].mean() > window_hu[1] + 100


def test_what_the_window_showed_stays() -> None:
    window_hu = (-160.0, 240.0)
    shown = (TRUE_HU > -160) & (TRUE_HU < 240)
    np.testing.assert_allclose(restored(window_hu)[shown], TRUE_HU[shown], atol=400 / 255 / 2)


def test_the_seed_decides() -> None:
    first, again, other = (restored((-40.0, 160.0), seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_showing_a_window_by_hand() -> None:
    values = np.array([[-200, -160, 40, 240, 300]], np.float32)
    np.testing.assert_array_equal(show_window(values, (-160.0, 240.0)), [[0, 0, 128, 255, 255]])


def test_the_body_is_the_largest_bright_region() -> None:
    table = np.zeros((256, 256), np.float32)
    table[245:250, 60:200] = 150
    body = body_of(np.where(BODY, 120, table).astype(np.float32))
    assert np.count_nonzero(body != BODY) / BODY.sum() < 0.05
    assert not body[246:249].any()


def test_an_empty_picture_has_no_body() -> None:
    assert not body_of(np.full((64, 64), 7, np.float32)).any()
