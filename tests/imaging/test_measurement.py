from __future__ import annotations

import math

import numpy as np
import pytest

from tests.phantoms import disc, disc_area, rectangle
from TumorApp.imaging.measurement import affected, keep_regions, longest_diameter, measure_lesions
from TumorApp.imaging.records import LIVER, TUMOUR

SHAPE = (200, 300)


def labelled(tumour: np.ndarray, liver: np.ndarray | None = None) -> np.ndarray:
    labels = np.zeros(tumour.shape, np.uint8)
    if liver is not None:
        labels[liver] = LIVER
    labels[tumour] = TUMOUR
    return labels


def test_disc_of_radius_ten_at_anisotropic_spacing() -> None:
    tumour = disc(SHAPE, (100, 150), 10)
    (lesion,) = measure_lesions(labelled(tumour), np.full(SHAPE, 0.8, np.float32), (0.5, 0.8))
    assert lesion.box == (140, 90, 21, 21)
    assert lesion.area_px == tumour.sum()
    assert lesion.area_px == pytest.approx(disc_area(10), rel=0.02)
    assert lesion.area_mm2 == pytest.approx(lesion.area_px * 0.4)
    assert lesion.diameter_mm == pytest.approx(21 * 0.8, abs=0.8)
    assert lesion.perimeter_px == pytest.approx(2 * math.pi * 10, rel=0.08)
    assert lesion.eccentricity < 0.1
    assert lesion.confidence == pytest.approx(0.8)
    assert lesion.location == "centre of the picture"


def test_without_spacing_there_are_no_millimetres() -> None:
    (lesion,) = measure_lesions(labelled(disc(SHAPE, (100, 150), 10)), np.ones(SHAPE, np.float32))
    assert lesion.area_mm2 is None
    assert lesion.diameter_mm is None


def test_eccentricity_of_an_ellipse() -> None:
    rows, columns = np.indices(SHAPE)
    ellipse = ((rows - 100) / 20) ** 2 + ((columns - 150) / 40) ** 2 <= 1
    (lesion,) = measure_lesions(labelled(ellipse), np.ones(SHAPE, np.float32))
    assert lesion.eccentricity == pytest.approx(math.sqrt(1 - 0.25), abs=0.01)


def test_diameter_of_a_rectangle_is_its_diagonal() -> None:
    assert longest_diameter(rectangle((40, 40), 3, 4, 30, 20), (1.0, 2.0)) == pytest.approx(math.hypot(20, 60))


def test_a_single_pixel_is_measured() -> None:
    (lesion,) = measure_lesions(labelled(rectangle(SHAPE, 0, 0, 1, 1)), np.ones(SHAPE, np.float32), (1.0, 1.0))
    assert (lesion.area_px, lesion.box) == (1, (0, 0, 1, 1))
    assert lesion.diameter_mm == pytest.approx(math.sqrt(2))


def test_lesions_come_largest_first_with_their_own_confidence_and_place() -> None:
    small, large = disc(SHAPE, (20, 20), 5), disc(SHAPE, (180, 280), 12)
    probability = np.where(small, 0.6, 0.9).astype(np.float32)
    first, second = measure_lesions(labelled(small | large), probability)
    assert (first.location, second.location) == ("lower right of the picture", "upper left of the picture")
    assert first.confidence == pytest.approx(0.9)
    assert second.confidence == pytest.approx(0.6)


def test_regions_that_touch_at_a_corner_are_one() -> None:
    tumour = rectangle(SHAPE, 0, 0, 5, 5) | rectangle(SHAPE, 5, 5, 5, 5)
    assert len(measure_lesions(labelled(tumour), np.ones(SHAPE, np.float32))) == 1


def test_affected_is_a_share_of_the_liver_with_its_tumours() -> None:
    labels = labelled(
        rectangle(SHAPE, 10, 10, 10, 10), rectangle(SHAPE, 0, 0, 40, 10) | rectangle(SHAPE, 10, 10, 10, 10)
    )
    assert affected(labels) == (pytest.approx(100 * 100 / 500), "liver")


def test_affected_without_tumour_is_zero_and_without_anything_none() -> None:
    assert affected(labelled(np.zeros(SHAPE, bool), rectangle(SHAPE, 0, 0, 9, 9))) == (0.0, "liver")
    assert affected(np.zeros(SHAPE, np.uint8)) == (None, "slice")


def test_affected_without_liver_is_a_share_of_the_slice() -> None:
    assert affected(labelled(rectangle(SHAPE, 0, 0, 60, 10))) == (pytest.approx(1.0), "slice")


def test_small_regions_are_dropped_and_others_kept_whole() -> None:
    small, large = rectangle(SHAPE, 0, 0, 2, 2), rectangle(SHAPE, 50, 50, 3, 2)
    np.testing.assert_array_equal(keep_regions(small | large, 6), large)
    np.testing.assert_array_equal(keep_regions(np.zeros(SHAPE, bool), 6), np.zeros(SHAPE, bool))


def test_regions_without_a_seed_are_dropped() -> None:
    seeded, bare = rectangle(SHAPE, 0, 0, 2, 2), rectangle(SHAPE, 50, 50, 30, 20)
    seeds = rectangle(SHAPE, 1, 1, 1, 1) | rectangle(SHAPE, 90, 90, 3, 3)
    np.testing.assert_array_equal(keep_regions(seeded | bare, 0, seeds), seeded)
