"""Weights that mark everything, or nothing, have a Dice that can be worked out by hand."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.learning.folders import write_data_folder
from TumorApp.learning.builders import network_module
from TumorApp.learning.dataset import UNKNOWN, load_samples, read_manifest
from TumorApp.learning.judging import Judge, overall
from TumorApp.learning.plans import Phase, Plan

pytestmark = pytest.mark.usefixtures("narrow_networks")

PLAN = Plan("dilated_unet", (Phase(32, 32, 1, 1e-3),))


def constant_weights(bias: float) -> list[Any]:
    """Weights with which the network answers the same everywhere."""
    weights = network_module("dilated_unet").build(channels=2, size=32).get_weights()
    return [*(np.zeros_like(array) for array in weights[:-1]), np.full_like(weights[-1], bias)]


def test_dice_is_pooled_over_all_known_pixels(tmp_path: Path) -> None:
    rows = [("a", "one", "liver+tumour"), ("b", "two", "liver"), ("c", "two", "liver+tumour")]
    records = read_manifest(write_data_folder(tmp_path / "data", rows))
    targets = load_samples(records, 32).targets
    dice = Judge(records, PLAN).score(constant_weights(4.0))
    for channel, name in enumerate(("liver", "tumour")):
        known = targets[..., channel] != UNKNOWN
        true = int((targets[..., channel] == 1).sum())
        assert dice[name] == pytest.approx(2 * true / (int(known.sum()) + true))
    assert (targets[..., 1] == UNKNOWN).any()


def test_nothing_marked_is_nought_and_nothing_true_is_no_score(tmp_path: Path) -> None:
    records = read_manifest(write_data_folder(tmp_path / "data", [("a", "one", "liver")]))
    judge = Judge(records, PLAN)
    nothing, everything = (judge.score(constant_weights(bias)) for bias in (-4.0, 4.0))
    assert nothing["liver"] == 0
    assert math.isnan(nothing["tumour"])
    assert math.isnan(everything["tumour"])  # marked where no tumour can be; there is none to find either


def test_the_overall_figure_is_the_mean_of_what_exists() -> None:
    assert overall({"liver": 0.9, "tumour": 0.5}) == pytest.approx(0.7)
    assert overall({"liver": 0.9, "tumour": math.nan}) == 0.9
    assert math.isnan(overall({"liver": math.nan, "tumour": math.nan}))
