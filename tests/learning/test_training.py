"""The same training gives the same weights, however often it is interrupted."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.learning import training as training_module
from TumorApp.learning.callbacks import Keeper, TrainingError
from TumorApp.learning.checkpoints import Progress, RunError
from TumorApp.learning.dataset import Record, read_manifest
from TumorApp.learning.plans import Phase, Plan
from TumorApp.learning.training import Training, train_network

pytestmark = pytest.mark.usefixtures("narrow_networks")

SHORT = Plan("dilated_unet", phases=(Phase(32, 32, 2, 1e-3), Phase(48, 32, 1, 1e-3)), steps=2, batch_size=2)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return read_manifest(write_data_folder(tmp_path_factory.mktemp("folder") / "data", EIGHT))


@pytest.fixture(scope="module")
def uninterrupted(narrow_networks: None, records: list[Record], tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uninterrupted")
    train_network(Training(records, SHORT, folder), verbose=0)
    return folder


def final_weights(folder: Path) -> list[Any]:
    """The averaged weights of a finished training."""
    (path,) = folder.glob("phase-*.npz")
    with np.load(path) as stored:
        return [stored[name] for name in stored.files]


def assert_same(first: list[Any], second: list[Any]) -> None:
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)


def interrupt(monkeypatch: pytest.MonkeyPatch, owner: type, method: str, when: int, *, after: bool) -> None:
    """Let the process end before or after the given call of a method, counted from 0."""
    original, calls = getattr(owner, method), []

    def interrupted(*args: object, **named: object) -> None:
        calls.append(method)
        if len(calls) - 1 == when and not after:
            raise KeyboardInterrupt
        original(*args, **named)
        if len(calls) - 1 == when:
            raise KeyboardInterrupt

    monkeypatch.setattr(owner, method, interrupted)


def test_a_second_training_gives_the_same_weights(records: list[Record], uninterrupted: Path, tmp_path: Path) -> None:
    network = train_network(Training(records, SHORT, tmp_path), verbose=0)
    assert (network.input_shape, network.output_shape) == ((None, 48, 48, 1), (None, 48, 48, 2))
    assert_same(network.get_weights(), final_weights(uninterrupted))
    other = train_network(Training(records, replace(SHORT, seed=1), tmp_path / "other"), verbose=0)
    assert not np.array_equal(other.get_weights()[0], network.get_weights()[0])


@pytest.mark.slow
def test_batches_drawn_by_several_threads_train_the_same(
    records: list[Record], uninterrupted: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_module, "has_gpu", lambda: True)
    monkeypatch.setattr(training_module.os, "cpu_count", lambda: 3)
    network = train_network(Training(records, SHORT, tmp_path), verbose=0)
    assert_same(network.get_weights(), final_weights(uninterrupted))


@pytest.mark.parametrize(
    ("owner", "method", "when", "after"),
    [
        pytest.param(Keeper, "on_epoch_begin", 0, False, id="before the first epoch", marks=pytest.mark.slow),
        pytest.param(Keeper, "on_epoch_begin", 1, False, id="within a phase"),
        pytest.param(Progress, "_write_state", 1, False, id="while an epoch is kept", marks=pytest.mark.slow),
        pytest.param(Progress, "keep_phase", 0, False, id="before a phase is closed", marks=pytest.mark.slow),
        pytest.param(Progress, "keep_phase", 0, True, id="between phases"),
        pytest.param(Progress, "keep_phase", 1, True, id="at the very end", marks=pytest.mark.slow),
    ],
)
def test_an_interrupted_training_goes_on_to_the_same_weights(
    owner: type,
    method: str,
    when: int,
    after: bool,
    records: list[Record],
    uninterrupted: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as patch:
        interrupt(patch, owner, method, when, after=after)
        with pytest.raises(KeyboardInterrupt):
            train_network(Training(records, SHORT, tmp_path), verbose=0)
    np.random.default_rng().random()  # another process would have other chance
    keras.utils.set_random_seed(7)
    network = train_network(Training(records, SHORT, tmp_path), verbose=0)
    assert_same(network.get_weights(), final_weights(uninterrupted))
    assert log(tmp_path) == log(uninterrupted)


def log(folder: Path) -> list[dict[str, str]]:
    """The log without the times, which no two runs share."""
    with (folder / "training.csv").open() as file:
        return [{name: value for name, value in row.items() if name != "seconds"} for row in csv.DictReader(file)]


@pytest.mark.parametrize(
    "mixed",
    [pytest.param(False, id="single precision"), pytest.param(True, id="mixed precision", marks=pytest.mark.slow)],
)
def test_normalised_networks_with_validation_people_resume_as_well(
    mixed: bool, records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    phases = (Phase(32, 32, 2, 1e-3), Phase(64, 64, 1, 1e-3))
    plan = Plan("compact_unet", phases=phases, steps=2, batch_size=2, mixed_precision=mixed)
    whole = Training(records[:6], plan, tmp_path / "whole", validation=records[6:])
    expected = train_network(whole, verbose=0)
    parts = replace(whole, folder=tmp_path / "parts")
    for when in (1, 1):  # after the first epoch, and after the second
        with monkeypatch.context() as patch:
            interrupt(patch, Keeper, "on_epoch_begin", when, after=False)
            with pytest.raises(KeyboardInterrupt):
                train_network(parts, verbose=0)
    assert_same(train_network(parts, verbose=0).get_weights(), expected.get_weights())
    assert log(parts.folder) == log(whole.folder)
    assert expected.dtype_policy.name == "float32"
    assert expected.input_shape == (None, 64, 64, 2)


def test_the_log_has_a_row_an_epoch_and_curves(uninterrupted: Path) -> None:
    rows = log(uninterrupted)
    assert [(row["phase"], row["epoch"]) for row in rows] == [("0", "0"), ("0", "1"), ("1", "2")]
    assert all(float(row["liver_dice"]) > 0 and float(row["learning_rate"]) > 0 for row in rows)
    assert (uninterrupted / "training.png").read_bytes().startswith(b"\x89PNG")


def test_the_result_is_the_running_average_and_training_goes_on_from_the_last_step(
    records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = Plan("dilated_unet", phases=(Phase(32, 32, 1, 1e-2),), steps=4, batch_size=2)
    with monkeypatch.context() as patch:
        interrupt(patch, Progress, "keep_phase", 0, after=False)
        with pytest.raises(KeyboardInterrupt):
            train_network(Training(records, plan, tmp_path), verbose=0)
    with np.load(tmp_path / "epoch-0001.npz") as stored:
        last_step = stored["arr_0"]
    averaged = train_network(Training(records, plan, tmp_path), verbose=0).get_weights()[0]
    assert np.abs(averaged - last_step).max() > 1e-3


def test_training_starts_from_given_weights(records: list[Record], uninterrupted: Path, tmp_path: Path) -> None:
    plan = Plan("dilated_unet", phases=(Phase(48, 48, 1, 1e-9),), steps=1, batch_size=2)
    start = final_weights(uninterrupted)
    network = train_network(Training(records, plan, tmp_path, start=start), verbose=0)
    for one, other in zip(network.get_weights(), start, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_another_plan_is_not_gone_on_with(records: list[Record], uninterrupted: Path) -> None:
    with pytest.raises(RunError, match=r"differs in batch_size, the slices to train on"):
        train_network(Training(records[:4], replace(SHORT, batch_size=4), uninterrupted), verbose=0)


def test_a_loss_that_is_no_number_ends_the_training(
    records: list[Record], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_module, "dice_and_cross_entropy", lambda truth, answer: float("nan") * answer)
    with pytest.raises(TrainingError, match="lower learning rate"):
        train_network(Training(records, SHORT, tmp_path), verbose=0)
    assert list(tmp_path.iterdir()) == []
