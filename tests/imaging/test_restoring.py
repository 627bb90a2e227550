from __future__ import annotations

import numpy as np
import pytest

from tests.phantoms import card, disc, rectangle
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.restoring import grid_tumour, label_slice


def probabilities(liver: np.ndarray, tumour: np.ndarray, high: int = 255) -> np.ndarray:
    return np.stack([liver, tumour]).astype(np.uint8) * np.uint8(high)


GRID = (128, 128)
LIVER = disc(GRID, (60, 50), 40)
TUMOUR = disc(GRID, (60, 50), 10)


@pytest.mark.parametrize("shape", [(128, 128), (512, 512), (400, 512), (512, 300)])
def test_labels_lie_on_the_own_grid(shape: tuple[int, int]) -> None:
    labels, probability = label_slice(probabilities(LIVER, TUMOUR), shape, card())
    factor = max(shape) / 128
    assert labels.shape == probability.shape == shape
    assert (labels == 2).sum() == pytest.approx(TUMOUR.sum() * factor**2, rel=0.05)
    rows, columns = np.nonzero(labels == 2)
    assert rows.mean() + 0.5 == pytest.approx(60.5 * factor, abs=0.5)
    assert columns.mean() + 0.5 == pytest.approx(50.5 * factor, abs=0.5)


def test_tumour_wins_over_liver() -> None:
    labels, _ = label_slice(probabilities(LIVER, TUMOUR), GRID, card())
    assert ((labels == 2) == TUMOUR).all()
    assert ((labels >= 1) == (LIVER | TUMOUR)).all()


@pytest.mark.parametrize(("value", "found"), [(127, False), (128, True), (3, False)])
def test_the_threshold_of_the_card_decides(value: int, found: bool) -> None:
    """The original took anything above 0 for tumour."""
    given = probabilities(LIVER, TUMOUR, value)
    assert (label_slice(given, GRID, card())[0] == 2).any() == found
    assert grid_tumour(given, card()).any() == found


def test_another_threshold_gives_another_mask() -> None:
    given = probabilities(LIVER, TUMOUR, 60)
    assert (label_slice(given, GRID, card(thresholds={"liver": 0.2, "tumour": 0.2}))[0] == 2).any()


def test_lesions_below_the_smallest_are_dropped_on_every_grid() -> None:
    tiny = rectangle(GRID, 20, 20, 2, 2)
    for shape in (GRID, (512, 512)):
        assert not (label_slice(probabilities(LIVER, tiny), shape, card())[0] == 2).any()
    assert not grid_tumour(probabilities(LIVER, tiny), card()).any()
    assert grid_tumour(probabilities(LIVER, tiny), card(smallest_lesion_px=4)).any()


def test_larger_networks_are_averaged_onto_the_grid_of_the_rule() -> None:
    large = disc((256, 256), (120, 100), 30)
    mask = grid_tumour(probabilities(large, large), card(input_size=256))
    assert mask.shape == GRID
    assert mask.sum() == pytest.approx(large.sum() / 4, rel=0.03)


def test_a_network_without_tumour_channel_is_an_error_of_the_owner() -> None:
    with pytest.raises(ModelError, match="tumour"):
        grid_tumour(probabilities(LIVER, TUMOUR), card(channels=("liver", "vessel")))


def test_a_network_without_a_liver_channel_marks_tumours_alone() -> None:
    lone = card(channels=("tumour",), thresholds={"tumour": 0.5})
    labels, _ = label_slice(probabilities(LIVER, TUMOUR)[1:], GRID, lone)
    np.testing.assert_array_equal(labels, TUMOUR * np.uint8(2))
