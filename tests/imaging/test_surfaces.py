from __future__ import annotations

import math

import numpy as np
import pytest

from tests.phantoms import disc, rectangle
from TumorApp.imaging.surfaces import SurfaceDistances, joined, surface_distances

SHAPE = (20, 20)
MM = (0.5, 0.8)


def measured(predicted: np.ndarray, true: np.ndarray, spacing_mm: tuple[float, float] = (1.0, 1.0)) -> SurfaceDistances:
    found = surface_distances(predicted, true, spacing_mm)
    assert found is not None
    return found


def test_single_pixels_by_hand() -> None:
    # 3 rows and 4 columns apart: 3·0.5 = 1.5 mm and 4·0.8 = 3.2 mm.
    found = measured(rectangle(SHAPE, 2, 2, 1, 1), rectangle(SHAPE, 6, 5, 1, 1), MM)
    distance = math.hypot(1.5, 3.2)
    assert found.to_true == pytest.approx([distance])
    assert found.to_predicted == pytest.approx([distance])
    assert found.average_symmetric_mm == found.hausdorff_mm == found.hausdorff_95_mm == pytest.approx(distance)


def test_a_line_against_its_end_by_hand() -> None:
    # Predicted: columns 0 to 4 of one row; true: column 0 only. To the true pixel: 0, 1, 2, 3, 4; from it: 0.
    found = measured(rectangle(SHAPE, 0, 3, 5, 1), rectangle(SHAPE, 0, 3, 1, 1))
    assert sorted(found.to_true) == [0, 1, 2, 3, 4]
    assert list(found.to_predicted) == [0]
    assert found.average_symmetric_mm == pytest.approx(10 / 6)
    assert found.hausdorff_mm == 4
    # 95 % of the way through 0, 1, 2, 3, 4 lies between the last two: 0.95 · 4 = 3.8.
    assert found.hausdorff_95_mm == pytest.approx(3.8)


def test_equal_masks_are_zero_apart() -> None:
    found = measured(disc(SHAPE, (10, 10), 6), disc(SHAPE, (10, 10), 6), MM)
    assert found.average_symmetric_mm == found.hausdorff_mm == 0


def test_only_borders_are_measured() -> None:
    # A 4×4 square has 12 border pixels; its inner 4 would pull the mean down.
    found = measured(rectangle(SHAPE, 5, 5, 4, 4), rectangle(SHAPE, 5, 5, 4, 4))
    assert len(found.to_true) == len(found.to_predicted) == 12


def test_the_edge_of_the_picture_is_border() -> None:
    found = measured(np.ones((3, 3), bool), np.ones((3, 3), bool))
    assert len(found.to_true) == 8  # all but the middle one


def test_concentric_discs_are_their_radii_apart() -> None:
    outer, inner = disc((100, 100), (50, 50), 30), disc((100, 100), (50, 50), 20)
    found = measured(outer, inner, (0.7, 0.7))
    assert found.average_symmetric_mm == pytest.approx(7, abs=0.7)
    assert found.hausdorff_mm == pytest.approx(7, abs=0.7)


def test_rows_and_columns_have_their_own_spacing() -> None:
    true = rectangle(SHAPE, 8, 8, 3, 3)
    down, right = np.roll(true, 2, axis=0), np.roll(true, 2, axis=1)
    assert measured(down, true, MM).hausdorff_mm == pytest.approx(2 * 0.5)
    assert measured(right, true, MM).hausdorff_mm == pytest.approx(2 * 0.8)


def test_one_stray_pixel_decides_the_largest_distance_and_not_the_95th_percentile() -> None:
    true = disc((100, 100), (50, 30), 20)
    stray = true.copy()
    stray[50, 95] = True
    found = measured(stray, true)
    assert found.hausdorff_mm == 45
    assert found.hausdorff_95_mm == 0


def test_an_empty_mask_has_no_outline_to_measure_to() -> None:
    empty = np.zeros(SHAPE, bool)
    assert surface_distances(empty, disc(SHAPE, (10, 10), 4), MM) is None
    assert surface_distances(disc(SHAPE, (10, 10), 4), empty, MM) is None
    assert surface_distances(empty, empty, MM) is None


def test_joined_slices_count_as_one() -> None:
    near = SurfaceDistances(np.array([0.0, 0.0]), np.array([0.0]))
    far = SurfaceDistances(np.array([2.0]), np.array([4.0]))
    whole = joined([near, far])
    assert whole.average_symmetric_mm == pytest.approx(6 / 5)
    assert whole.hausdorff_mm == 4


def test_nothing_joined_is_nan() -> None:
    whole = joined([])
    assert all(math.isnan(v) for v in (whole.average_symmetric_mm, whole.hausdorff_mm, whole.hausdorff_95_mm))


def test_masks_on_different_grids_are_an_error() -> None:
    with pytest.raises(ValueError, match="grids"):
        surface_distances(np.ones((2, 2), bool), np.ones((3, 3), bool), MM)
