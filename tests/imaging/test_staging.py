from __future__ import annotations

import numpy as np
import pytest

from tests.phantoms import rectangle
from TumorApp.imaging.records import Stage
from TumorApp.imaging.staging import apply_size_rule, stage_of

GRID = (128, 128)


@pytest.mark.parametrize(
    ("extent", "stage"),
    [(7, Stage.I), (30, Stage.I), (30.5, Stage.II), (49.5, Stage.II), (50, Stage.III), (128, Stage.III)],
)
def test_stage_limits(extent: float, stage: Stage) -> None:
    assert stage_of(extent) is stage


def test_box_and_extent_of_a_rectangle() -> None:
    rule = apply_size_rule(rectangle(GRID, 20, 40, 36, 30))
    assert rule.boxes == ((20, 40, 36, 30),)
    assert rule.extent == 33
    assert rule.stage is Stage.II


def test_the_largest_extent_decides_wherever_it_lies() -> None:
    small, large = rectangle(GRID, 2, 2, 10, 10), rectangle(GRID, 60, 60, 52, 50)
    for mask in (small | large, (small | large)[::-1, ::-1]):
        rule = apply_size_rule(mask)
        assert (rule.stage, rule.extent, len(rule.boxes)) == (Stage.III, 51, 2)


@pytest.mark.parametrize(("width", "height", "counts"), [(6, 40, False), (40, 6, False), (7, 7, True)])
def test_both_sides_must_exceed_six_pixels(width: int, height: int, counts: bool) -> None:
    rule = apply_size_rule(rectangle(GRID, 10, 10, width, height))
    assert bool(rule.boxes) is counts
    assert (rule.stage is not None) is counts
    assert (rule.extent is not None) is counts


def test_no_tumour_no_stage() -> None:
    rule = apply_size_rule(np.zeros(GRID, bool))
    assert (rule.stage, rule.extent, rule.boxes) == (None, None, ())


def test_other_grids_are_refused() -> None:
    with pytest.raises(ValueError, match="128"):
        apply_size_rule(np.zeros((256, 256), bool))
