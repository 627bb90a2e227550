"""What happens between two epochs: the averaged weights are judged, and everything is kept."""

from __future__ import annotations

import math
import time
from typing import Any

import keras
from numpy.typing import NDArray

from TumorApp.learning.checkpoints import Progress
from TumorApp.learning.journal import write_log
from TumorApp.learning.judging import Judge, overall


class TrainingError(Exception):
    """Training cannot go on; the message says why and what to change."""


class Keeper(keras.callbacks.Callback):  # type: ignore[misc]
    """Keeps a training after each epoch and ends a phase that no longer gets better on the validation people."""

    def __init__(self, progress: Progress, judge: Judge | None, *, epochs: int, patience: int | None) -> None:
        """Take what is needed.

        Args:
            progress: Of this training.
            judge: Of the validation people; None without any.
            epochs: Of the phase.
            patience: Epochs without a best one after which the phase ends; None never ends it early.
        """
        super().__init__()
        self._progress = progress
        self._judge = judge
        self._epochs = epochs
        self._patience = patience if judge else None
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Judge, keep and log.

        Raises:
            TrainingError: If the loss is no number any more; the epochs before remain kept.
        """
        figures = {name: float(value) for name, value in (logs or {}).items()}
        if not math.isfinite(figures["loss"]):
            raise TrainingError(f"The loss is {figures['loss']} in epoch {epoch}: train at a lower learning rate.")
        row: dict[str, Any] = {
            "phase": self._progress.state.phase,
            "epoch": epoch,
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
            "seconds": round(time.perf_counter() - self._began, 1),
            **figures,
        }
        if self._judge:
            averaged = averaged_weights(self.model)
            dice = self._judge.score(averaged)
            row |= {f"val_{name}_dice": _plain(value) for name, value in dice.items()}
            self._progress.judge_epoch(overall(dice), averaged)
        self._progress.keep_epoch(self.model, row, self._patience, self._epochs)
        write_log(self._progress.state.rows, self._progress.folder)
        self.model.stop_training = self._progress.state.over


def averaged_weights(network: keras.Model) -> list[NDArray[Any]]:
    """Return the weights as ``fit`` would leave them, averaged over the last steps, and leave the network as it is.

    Keras keeps the averages in the optimizer and puts them in the place of the weights when ``fit`` ends. Training must
    go on from the weights themselves, and so must a checkpoint.
    """
    own = network.get_weights()
    network.optimizer.finalize_variable_values(network.trainable_variables)
    averaged: list[NDArray[Any]] = network.get_weights()
    network.set_weights(own)
    return averaged


def _plain(value: float) -> float | None:
    return None if math.isnan(value) else value
