from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from TumorApp.imaging.phantom import draw_phantom, phantom_png
from TumorApp.imaging.reading import read_slice


def test_the_same_seed_draws_the_same_slice() -> None:
    np.testing.assert_array_equal(draw_phantom(3).grey, draw_phantom(3).grey)
    assert (draw_phantom(3).grey != draw_phantom(4).grey).any()


@pytest.mark.parametrize("seed", range(6))
def test_the_lesion_is_dark_and_lies_in_the_liver(seed: int) -> None:
    drawn = draw_phantom(seed)
    liver, tumour = drawn.labels == 1, drawn.labels == 2
    assert tumour.sum() > 200
    assert drawn.grey[tumour].mean() < drawn.grey[liver].mean() - 15
    assert liver[binary_dilation(tumour) & ~tumour].all()


def test_lesions_can_be_left_out() -> None:
    assert not (draw_phantom(1, lesions=0).labels == 2).any()


def test_the_file_is_the_drawing() -> None:
    np.testing.assert_array_equal(read_slice(phantom_png(2), "phantom.png").grey, draw_phantom(2).grey)
