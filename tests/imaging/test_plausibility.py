"""Liver and tumours as discs: what counts follows from their distances, areas and values."""

from __future__ import annotations

import numpy as np
import pytest

from tests.phantoms import card, disc, rectangle
from TumorApp.imaging.plausibility import near_liver, slice_score, without_doubtful

GRID = (128, 128)
LIVER = rectangle(GRID, 20, 20, 40, 40)
INSIDE = rectangle(GRID, 30, 30, 5, 5)


def maps(liver: np.ndarray, *tumours: tuple[np.ndarray, int]) -> np.ndarray:
    """Maps with a liver of 255 and tumours of given values."""
    tumour_map = np.zeros(GRID, np.uint8)
    for tumour, value in tumours:
        tumour_map[tumour] = value
    return np.stack([liver.astype(np.uint8) * np.uint8(255), tumour_map])


def test_a_card_without_rules_changes_nothing() -> None:
    far = rectangle(GRID, 100, 100, 5, 5)
    given = maps(LIVER, (INSIDE, 200), (far, 140))
    np.testing.assert_array_equal(near_liver(given, card()), given)
    np.testing.assert_array_equal(without_doubtful(given, card()), given)


@pytest.mark.parametrize(("margin", "columns"), [(0.0, 0), (1.0, 1), (3.0, 3), (50.0, 8)])
def test_a_tumour_reaches_out_of_the_liver_as_far_as_the_margin(margin: float, columns: int) -> None:
    beside = rectangle(GRID, 60, 30, 8, 5)  # the liver ends with column 59
    given = maps(LIVER, (INSIDE, 200), (beside, 200))
    tumour = near_liver(given, card(liver_margin_px=margin))[1] > 0
    np.testing.assert_array_equal(tumour, INSIDE | rectangle(GRID, 60, 30, columns, 5))


def test_without_a_liver_no_tumour_counts_if_the_card_asks_for_one() -> None:
    given = maps(np.zeros(GRID, bool), (INSIDE, 200))
    assert not near_liver(given, card(liver_margin_px=5.0)).any()
    assert near_liver(given, card()).any()


def test_a_crumb_of_liver_is_none_and_carries_no_tumour() -> None:
    crumb = rectangle(GRID, 100, 100, 5, 5)
    given = maps(LIVER | crumb, (INSIDE, 200), (crumb, 200))
    kept = near_liver(given, card(smallest_liver_px=26, liver_margin_px=2.0))
    np.testing.assert_array_equal(kept[0] > 0, LIVER)
    np.testing.assert_array_equal(kept[1] > 0, INSIDE)
    assert (near_liver(given, card(smallest_liver_px=25))[0] > 0).sum() == LIVER.sum() + 25


def test_a_network_without_a_liver_channel_has_no_such_rule() -> None:
    given = maps(LIVER, (INSIDE, 200))[1:]
    lone = card(channels=("tumour",), thresholds={"tumour": 0.5}, liver_margin_px=0.0, smallest_liver_px=99)
    np.testing.assert_array_equal(near_liver(given, lone), given)


def test_the_peak_decides_on_existence_and_the_threshold_on_the_outline() -> None:
    sure, top, doubtful = rectangle(GRID, 30, 30, 5, 5), rectangle(GRID, 32, 32, 1, 1), rectangle(GRID, 50, 50, 5, 5)
    given = maps(LIVER, (sure, 128), (top, 230), (doubtful, 200))
    kept = without_doubtful(given, card(lesion_peak=0.9))[1]
    np.testing.assert_array_equal(kept >= 128, sure)
    assert (kept[sure] == given[1][sure]).all()


def test_a_region_below_the_smallest_is_dropped_and_faint_pixels_stay() -> None:
    small, faint = rectangle(GRID, 30, 30, 2, 2), rectangle(GRID, 50, 50, 3, 3)
    kept = without_doubtful(maps(LIVER, (small, 255), (faint, 100)), card(smallest_lesion_px=5))[1]
    np.testing.assert_array_equal(kept > 0, faint)


def test_the_slice_score_is_the_mean_of_as_many_pixels_as_the_smallest_lesion_has() -> None:
    lone, patch = rectangle(GRID, 40, 40, 1, 1), rectangle(GRID, 30, 30, 2, 2)
    asked = card(smallest_lesion_px=4)
    assert slice_score(maps(LIVER, (lone, 255)), asked) == pytest.approx(1 / 4)
    assert slice_score(maps(LIVER, (patch, 204)), asked) == pytest.approx(0.8)
    assert slice_score(maps(LIVER), asked) == 0
    assert slice_score(maps(LIVER, (lone, 51)), card(smallest_lesion_px=0)) == pytest.approx(0.2)


def test_a_marked_slice_scores_at_least_the_threshold() -> None:
    given = maps(LIVER, (disc(GRID, (40, 40), 3), 153))
    asked = card(thresholds={"liver": 0.5, "tumour": 0.6})
    assert (without_doubtful(given, asked)[1] >= 153).any()
    assert slice_score(given, asked) >= 0.6
