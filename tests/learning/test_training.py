from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.learning.dataset import read_manifest
from TumorApp.learning.training import DEFAULT_PHASES, Phase, Plan, network_module, train_network

pytestmark = pytest.mark.usefixtures("narrow_networks")

SHORT = Plan(phases=(Phase(32, 32, 1, 1e-3), Phase(48, 32, 1, 1e-3)), steps=2, batch_size=2)


def test_training_is_repeatable_and_leaves_a_log(tmp_path: Path) -> None:
    records = read_manifest(write_data_folder(tmp_path / "data", EIGHT))
    first, again = (train_network(records, SHORT, tmp_path / name, verbose=0) for name in ("first", "again"))
    assert first.input_shape == (None, 48, 48, 1)
    assert first.output_shape == (None, 48, 48, 2)
    for one, other in zip(first.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    with (tmp_path / "first" / "training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["0", "1"]
    assert all(float(row["liver_dice"]) > 0 for row in rows)


def test_the_result_is_the_running_average_and_not_the_last_step(tmp_path: Path) -> None:
    records = read_manifest(write_data_folder(tmp_path / "data", EIGHT))
    plan = Plan(phases=(Phase(32, 32, 1, 1e-2),), steps=4, batch_size=2)
    averaged = train_network(records, plan, tmp_path / "out", verbose=0)
    last = network_module(plan.network).build(channels=2, size=32)
    last.load_weights(tmp_path / "out" / "last.weights.h5")
    steps = [np.abs(one - other).max() for one, other in zip(averaged.get_weights(), last.get_weights(), strict=True)]
    assert max(steps) > 1e-3


def test_unknown_networks_are_named() -> None:
    with pytest.raises(ValueError, match="dilated_unet"):
        network_module("resnet")


def test_the_default_ends_on_the_grid_of_the_original() -> None:
    assert Plan().input_size == 128
    assert DEFAULT_PHASES[-1].window == 128
