from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from tests.phantoms import disc
from TumorApp.learning.synthesis import FIELD_OF_VIEW_MM, Appearance, draw_lesions

SIZE = 256
LIVER_HU = 100.0
PLAIN = Appearance(
    more=0,
    bright=0,
    core=0,
    rim=0,
    calcified=0,
    mass_effect=0,
    mottling_hu=(0, 0),
    contrast_hu=(40, 40),
    roughness=(0, 0),
)


def liver(radius: float = 60) -> np.ndarray:
    return disc((SIZE, SIZE), (128, 100), radius)


def tissue(noise: float = 5.0) -> np.ndarray:
    rng = np.random.default_rng(0)
    return np.where(liver(), LIVER_HU, 20).astype(np.float32) + rng.normal(0, noise, (SIZE, SIZE)).astype(np.float32)


def drawn(seed: int = 0, appearance: Appearance = PLAIN, hounsfield: np.ndarray | None = None, **options: float):
    return draw_lesions(
        tissue() if hounsfield is None else hounsfield,
        liver(),
        np.random.default_rng(seed),
        appearance=appearance,
        **options,  # type: ignore[arg-type]
    )


def test_the_same_seed_draws_the_same() -> None:
    first, again, other = (drawn(seed, Appearance()) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert (first[1] != other[1]).any()


@pytest.mark.parametrize("seed", range(10))
def test_lesions_lie_in_the_liver_and_nothing_else_changes(seed: int) -> None:
    before = tissue()
    after, tumour = drawn(seed, Appearance())
    assert tumour.any()
    assert not (tumour & ~liver()).any()
    np.testing.assert_array_equal(after[~liver()], before[~liver()])
    assert (before == tissue()).all()


@pytest.mark.parametrize("diameter_mm", [6, 16, 30, 60])
def test_a_round_lesion_has_the_area_of_its_diameter(diameter_mm: float) -> None:
    look = replace(PLAIN, diameter_mm=(diameter_mm, diameter_mm), axis_ratio=(1, 1))
    spacing = FIELD_OF_VIEW_MM / SIZE
    areas = [drawn(seed, look)[1].sum() * spacing**2 for seed in range(12)]
    # Lesions that reach over the border of the liver are cut there, so the largest tells.
    assert max(areas) == pytest.approx(np.pi * diameter_mm**2 / 4, rel=0.12, abs=4 * spacing**2)


def test_contrast_and_noise_are_those_asked_for() -> None:
    look = replace(PLAIN, diameter_mm=(40, 40), border_mm=(0.6, 0.6))
    after, tumour = drawn(1, look)
    inside = cv2.erode(tumour.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    assert after[inside].mean() == pytest.approx(LIVER_HU - 40, abs=1.5)
    assert after[inside].std() == pytest.approx(5, rel=0.3)


def test_bright_lesions() -> None:
    after, tumour = drawn(1, replace(PLAIN, bright=1, diameter_mm=(40, 40)))
    assert after[tumour].mean() > LIVER_HU + 25


@pytest.mark.parametrize(
    ("change", "middle_is_darker"), [({"core": 1, "core_hu": (30, 30)}, True), ({"rim": 1, "rim_hu": (40, 40)}, True)]
)
def test_core_and_rim(change: dict[str, object], middle_is_darker: bool) -> None:
    look = replace(PLAIN, diameter_mm=(50, 50), axis_ratio=(1, 1), **change)  # type: ignore[arg-type]
    after, tumour = drawn(2, look, tissue(noise=0))
    depth = cv2.distanceTransform(tumour.astype(np.uint8), cv2.DIST_L2, 5)
    middle, rim = after[depth > 0.8 * depth.max()].mean(), after[(depth > 2) & (depth < 4)].mean()
    assert (middle < rim - 8) == middle_is_darker


def test_calcifications_are_bright_spots() -> None:
    look = replace(PLAIN, diameter_mm=(30, 30), calcified=1)
    assert max(drawn(seed, look, tissue(noise=0))[0].max() for seed in range(5)) > LIVER_HU + 40


def test_large_lesions_push_their_surroundings_away() -> None:
    look = replace(PLAIN, diameter_mm=(40, 40), mass_effect=1)
    lines = np.where(np.arange(SIZE) % 8 < 2, 115, LIVER_HU).astype(np.float32)
    striped = np.where(liver(), np.broadcast_to(lines, (SIZE, SIZE)), 20).astype(np.float32)
    still, moved = (drawn(5, replace(look, mass_effect=share), striped) for share in (0, 1))
    around = liver() & ~(cv2.dilate(moved[1].astype(np.uint8), np.ones((7, 7), np.uint8)) > 0)
    assert np.abs(moved[0] - striped)[around].max() > 5
    assert np.abs(still[0] - striped)[around].max() < 5


def test_centres_avoid_vessels() -> None:
    vessel = disc((SIZE, SIZE), (128, 100), 40)
    hounsfield = np.where(vessel, 180, tissue(noise=0)).astype(np.float32)
    look = replace(PLAIN, diameter_mm=(3, 3))
    for seed in range(20):
        _, tumour = draw_lesions(hounsfield, liver(70), np.random.default_rng(seed), appearance=look)
        assert (tumour & ~vessel).any()


def test_a_sliver_of_liver_is_left_alone() -> None:
    sliver = disc((SIZE, SIZE), (128, 100), 8)
    after, tumour = draw_lesions(tissue(), sliver, np.random.default_rng(0))
    assert not tumour.any()
    np.testing.assert_array_equal(after, tissue())


def test_several_lesions_occur() -> None:
    counts = [cv2.connectedComponents(drawn(seed, Appearance())[1].astype(np.uint8))[0] - 1 for seed in range(30)]
    assert min(counts) == 1
    assert max(counts) >= 3
