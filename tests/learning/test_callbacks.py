from __future__ import annotations

import math
from pathlib import Path

import keras
import numpy as np
import pytest

from TumorApp.learning.callbacks import Keeper, TrainingError, averaged_weights
from TumorApp.learning.checkpoints import Progress


class SetScores:
    """Judges by a list of scores, one an epoch; a judge of slices is tested for itself."""

    def __init__(self, scores: list[float]) -> None:
        self.scores = scores

    def score(self, weights: list[np.ndarray]) -> dict[str, float]:
        return {"liver": self.scores.pop(0), "tumour": math.nan}


def small_network(rate: float = 0.1) -> keras.Model:
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    network.compile(optimizer=keras.optimizers.Adam(rate, use_ema=True, ema_momentum=0.5), loss="mse")
    network.optimizer.build(network.trainable_variables)
    return network


def fit(network: keras.Model, keeper: Keeper, epochs: int) -> None:
    slices, truth = np.ones((4, 3), np.float32), np.zeros((4, 2), np.float32)
    network.fit(slices, truth, epochs=epochs, callbacks=[keeper], batch_size=2, verbose=0)


def test_averages_are_what_fit_leaves_and_the_network_stays_as_it_is() -> None:
    network = small_network()
    for _ in range(3):
        network.train_on_batch(np.ones((2, 3), np.float32), np.zeros((2, 2), np.float32))
    own = network.get_weights()
    averaged = averaged_weights(network)
    np.testing.assert_array_equal(network.get_weights()[0], own[0])
    assert np.abs(averaged[0] - own[0]).max() > 1e-3
    network.optimizer.finalize_variable_values(network.trainable_variables)
    np.testing.assert_array_equal(network.get_weights()[0], averaged[0])


def test_a_phase_without_progress_ends_and_its_best_weights_are_kept(tmp_path: Path) -> None:
    network, progress = small_network(), Progress(tmp_path, {})
    fit(network, Keeper(progress, SetScores([0.2, 0.6, 0.5, 0.4, 0.9]), epochs=5, patience=2), epochs=5)
    assert [row["val_liver_dice"] for row in progress.state.rows] == [0.2, 0.6, 0.5, 0.4]
    assert [row["val_tumour_dice"] for row in progress.state.rows] == [None] * 4
    assert progress.state.best == "best-0002.npz"
    again = small_network()
    fit(again, Keeper(Progress(tmp_path / "again", {}), None, epochs=2, patience=2), epochs=2)
    for one, other in zip(progress.restore_best(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_without_validation_people_patience_counts_nothing(tmp_path: Path) -> None:
    progress = Progress(tmp_path, {})
    fit(small_network(), Keeper(progress, None, epochs=3, patience=1), epochs=3)
    assert [row["epoch"] for row in progress.state.rows] == [0, 1, 2]
    assert {"phase", "epoch", "learning_rate", "seconds", "loss"} == set(progress.state.rows[0])
    assert progress.state.rows[0]["learning_rate"] == pytest.approx(0.1)


def test_a_loss_that_is_no_number_is_not_kept(tmp_path: Path) -> None:
    progress = Progress(tmp_path, {})
    with pytest.raises(TrainingError, match="lower learning rate"):
        fit(small_network(math.inf), Keeper(progress, None, epochs=3, patience=None), epochs=3)
    assert len(progress.state.rows) < 3
    assert all(math.isfinite(row["loss"]) for row in progress.state.rows)
