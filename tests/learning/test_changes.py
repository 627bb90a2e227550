from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from TumorApp.imaging.phantom import draw_phantom
from TumorApp.learning.changes import CHANGES, apply_change
from TumorApp.learning.dataset import Record

DRAWN = draw_phantom(3)
GREY = DRAWN.grey.astype(np.float32)
RECORD = Record("a", "b", "liver+tumour", Path())


def changed(name: str, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return apply_change(name, GREY, DRAWN.labels, RECORD, np.random.default_rng(seed))


@pytest.mark.parametrize("name", CHANGES)
def test_every_change_gives_an_8_bit_picture_and_its_truth(name: str) -> None:
    grey, labels = changed(name)
    assert grey.shape == labels.shape == GREY.shape
    assert labels.dtype == np.uint8
    np.testing.assert_array_equal(grey, grey.astype(np.uint8))
    assert (grey != GREY).any()
    assert set(np.unique(labels)) == {0, 1, 2}


def test_windows_move_no_pixel() -> None:
    for name in ("full-range", "narrow", "noise"):
        np.testing.assert_array_equal(changed(name)[1], DRAWN.labels)


def test_full_range_flattens_and_narrow_spreads_tissue() -> None:
    liver = DRAWN.labels == 1
    spread = {name: changed(name)[0][liver].std() for name in ("full-range", "narrow")}
    assert spread["full-range"] < GREY[liver].std() < spread["narrow"]


def test_noise_has_the_strength_it_is_named_for() -> None:
    middle = (GREY > 60) & (GREY < 195)
    assert (changed("noise")[0] - GREY)[middle].std() == pytest.approx(10, rel=0.05)
    assert (changed("noise", 0)[0] == changed("noise", 0)[0]).all()
    assert (changed("noise", 0)[0] != changed("noise", 1)[0]).any()


def test_mirrored_twice_is_the_slice_again() -> None:
    grey, labels = changed("mirrored")
    np.testing.assert_array_equal(grey[:, ::-1], GREY)
    np.testing.assert_array_equal(labels[:, ::-1], DRAWN.labels)


def test_turned_slices_keep_their_areas() -> None:
    _, labels = changed("turned")
    assert (labels >= 1).sum() == pytest.approx((DRAWN.labels >= 1).sum(), rel=0.01)
    assert (labels != DRAWN.labels).any()


def test_unknown_changes_are_refused() -> None:
    with pytest.raises(ValueError, match="full-range"):
        changed("sepia")
