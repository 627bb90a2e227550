"""State that survives a process; what is kept is whole, and another run's is never taken for it."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest

from TumorApp.learning.checkpoints import STATE_FILE, Progress, RunError, has_run, open_run

IDENTITY = {"plan": {"seed": 1, "phases": (1, 2)}, "people": "abc"}


def small_network(seed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.Dropout(0.5)])
    network.compile(optimizer=keras.optimizers.Adam(1e-2, use_ema=True), loss="mse")
    network.optimizer.build(network.trainable_variables)
    return network


def arrays(*values: float) -> list[np.ndarray]:
    return [np.array(value, np.float32) for value in values]


def test_an_epoch_comes_back_with_optimizer_and_dropout(tmp_path: Path) -> None:
    network = small_network(0)
    network.fit(np.ones((4, 3)), np.zeros((4, 2)), epochs=2, verbose=0)
    Progress(tmp_path, IDENTITY).keep_epoch(network, {"epoch": 0}, None, 3)

    other, progress = small_network(1), Progress(tmp_path, IDENTITY)
    progress.restore_epoch(other)
    assert (progress.state.epochs, progress.state.rows, progress.state.over) == (1, [{"epoch": 0}], False)
    kept = [*network.variables, *network.optimizer.variables]
    restored = [*other.variables, *other.optimizer.variables]
    assert len(kept) > 10
    for one, two in zip(kept, restored, strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(two))


def test_a_fresh_folder_restores_nothing(tmp_path: Path) -> None:
    progress = Progress(tmp_path / "new", IDENTITY)
    assert progress.restore_weights() is None
    assert progress.restore_best() is None
    assert not has_run(tmp_path)


def test_only_files_that_the_state_names_are_kept(tmp_path: Path) -> None:
    network, progress = small_network(0), Progress(tmp_path, IDENTITY)
    for score in (0.5, 0.7, 0.6):
        progress.judge_epoch(score, arrays(score))
        progress.keep_epoch(network, {}, None, 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-0002.npz", "epoch-0003.npz", STATE_FILE]
    progress.keep_phase(arrays(1, 2))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["best-0002.npz", "phase-0003.npz", STATE_FILE]
    again = Progress(tmp_path, IDENTITY)
    assert (again.state.phase, again.state.epochs) == (1, 0)
    assert [float(array) for array in again.restore_weights()] == [1, 2]
    assert [float(array) for array in again.restore_best()] == [np.float32(0.7)]


def test_a_phase_is_over_by_patience_or_by_its_end(tmp_path: Path) -> None:
    network = small_network(0)
    progress = Progress(tmp_path, IDENTITY)
    over = []
    for score in (0.5, 0.4, float("nan"), 0.45):
        progress.judge_epoch(score, arrays(score))
        progress.keep_epoch(network, {}, 2, 10)
        over.append(progress.state.over)
    assert over == [False, False, True, True]
    progress.keep_phase(arrays(0))
    assert progress.state.since_best == 0
    progress.keep_epoch(network, {}, 2, 1)
    assert progress.state.over


def test_another_run_is_refused_and_what_differs_is_named(tmp_path: Path) -> None:
    Progress(tmp_path, IDENTITY).keep_phase(arrays(0))
    with pytest.raises(RunError, match=r"differs in people, seed.*--restart"):
        Progress(tmp_path, {"plan": {"seed": 2, "phases": (1, 2)}, "people": "abd"})


@pytest.mark.parametrize("content", ["", "{}", '{"identity": {}, "unknown": 1}'])
def test_a_damaged_state_is_named(content: str, tmp_path: Path) -> None:
    (tmp_path / STATE_FILE).write_text(content)
    with pytest.raises(RunError, match=r"state\.json cannot be read"):
        Progress(tmp_path, IDENTITY)


def test_nothing_is_lost_and_nothing_unwanted_is_gone_on_with(tmp_path: Path) -> None:
    run = tmp_path / ".mine.training"
    open_run(run, "new")
    with pytest.raises(RunError, match="no interrupted training"):
        open_run(run, "resume")
    Progress(run / "network", IDENTITY).keep_phase(arrays(5))
    open_run(run, "resume")
    with pytest.raises(RunError, match=r"--resume.*--restart"):
        open_run(run, "new")
    for name in (".mine.1.training", ".mine.2.training"):
        open_run(run, "restart")
        assert not run.exists()
        assert (tmp_path / name / "network" / STATE_FILE).is_file()
        Progress(run / "network", IDENTITY).keep_phase(arrays(6))
