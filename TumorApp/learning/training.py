"""Trains a network in phases of growing detail, so that an interrupted training goes on to the same result."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
from numpy.typing import NDArray

from TumorApp.learning.builders import network_module
from TumorApp.learning.callbacks import Keeper, averaged_weights
from TumorApp.learning.checkpoints import Progress, Weights
from TumorApp.learning.dataset import CHANNELS, Record, load_samples
from TumorApp.learning.journal import write_log
from TumorApp.learning.judging import Judge
from TumorApp.learning.losses import dice_and_cross_entropy, dice_coefficient
from TumorApp.learning.plans import Phase, Plan
from TumorApp.learning.precision import has_gpu, precision
from TumorApp.learning.sampling import Batches

WARM_UP_SHARE = 0.08
"""Share of a phase in which the learning rate rises: unnormalised layers diverge when it starts at its peak."""
FINAL_SHARE = 0.03
"""Share of the peak learning rate that is left at the end of a phase."""
CLIP_NORM = 1.0
AVERAGE_MOMENTUM = 0.995
"""Of the running average of the weights that is kept as the result; about the last 200 steps."""


@dataclass(frozen=True, slots=True)
class Training:
    """One network's training: who is trained on, who judges, and where it starts.

    Attributes:
        records: To train on; nothing else changes a weight.
        plan: How; its ``phases`` alone, the foundation being a training of its own.
        folder: Keeps the state, ``training.csv`` and ``training.png`` after each epoch.
        validation: Of people apart from ``records``; where there are any, the weights that are best on them are kept.
        start: Weights of the plan's network to start from, as ``get_weights`` returns them; fresh ones by default.
    """

    records: Sequence[Record]
    plan: Plan
    folder: Path
    validation: Sequence[Record] = ()
    start: Weights | None = None

    def identity(self) -> dict[str, Any]:
        """Return plain values that differ wherever another result would come out."""
        return {
            "plan": self.plan.as_values(),
            "the slices to train on": _digest_records(self.records),
            "the validation people": _digest_records(self.validation),
            "the weights to start from": _digest_weights(self.start),
        }


def train_network(training: Training, *, verbose: int = 1) -> keras.Model:
    """Train a network, or go on with a training that was interrupted; a finished one answers at once.

    On a processor without a GPU the same training gives the same weights, bit by bit, however often it is interrupted.

    Args:
        training: What, how and where.
        verbose: 0 silent, 1 progress bar, 2 a line an epoch.

    Returns:
        The network with averaged weights, on the grid of the last phase.

    Raises:
        RunError: If the folder keeps another training.
        TrainingError: If the loss is no number any more.
    """
    plan = training.plan
    progress = Progress(training.folder, training.identity())
    weights: Weights | None = progress.restore_weights() or training.start
    judge = Judge(training.validation, plan) if training.validation else None
    for number in range(progress.state.phase, len(plan.phases)):
        with precision(mixed=plan.mixed_precision):
            network = _compiled(plan, number)
        if weights is not None:
            network.set_weights(weights)
        weights = _train_phase(network, training, progress, judge, verbose)
        progress.keep_phase(weights)
    if progress.state.rows:  # an interruption may have come before the last row was written
        write_log(progress.state.rows, training.folder)
    whole = _build(plan, plan.input_size)
    whole.set_weights(weights)
    return whole


def _train_phase(
    network: keras.Model, training: Training, progress: Progress, judge: Judge | None, verbose: int
) -> Weights:
    """Train the phase in progress from where it was left, and return the weights that it leaves."""
    plan, state = training.plan, progress.state
    phase = plan.phases[state.phase]
    progress.restore_epoch(network)
    if not state.over:
        batches = Batches(
            load_samples(training.records, phase.grid),
            window=phase.window,
            batch_size=phase.batch_size or plan.batch_size,
            steps=plan.steps,
            normalisation=plan.normalisation,
            seed=plan.seed + state.phase,
            inputs=plan.inputs,
            mix=phase.mix,
            epoch=state.epochs,
            workers=_workers(),
        )
        keeper = Keeper(progress, judge, epochs=phase.epochs, patience=plan.patience)
        done, left = len(state.rows), phase.epochs - state.epochs
        network.fit(
            batches,
            initial_epoch=done,
            epochs=done + left,
            callbacks=[keeper, keras.callbacks.TerminateOnNaN()],
            shuffle=False,  # by a chance that no checkpoint keeps; the draws themselves are random
            verbose=verbose,
        )
    return progress.restore_best() or averaged_weights(network)


def _compiled(plan: Plan, number: int) -> keras.Model:
    """Build the network of a phase with an optimizer that is ready to be restored."""
    phase = plan.phases[number]
    # Each phase has chance of its own, so that one that is resumed need not know what the phases before it drew.
    keras.utils.set_random_seed(plan.seed + number)
    network = _build(plan, phase.window)
    optimizer = keras.optimizers.Adam(
        _schedule(phase, plan.steps), clipnorm=CLIP_NORM, use_ema=True, ema_momentum=AVERAGE_MOMENTUM
    )
    # JAX is made to be compiled; TensorFlow on a processor gains nothing that would repay the compilation.
    compiled = keras.config.backend() == "jax"
    network.compile(optimizer=optimizer, loss=dice_and_cross_entropy, metrics=_metrics(), jit_compile=compiled)
    network.optimizer.build(network.trainable_variables)
    return network


def _workers() -> int:
    """Threads that draw batches: beside a processor that trains one is enough, a GPU would wait for it."""
    return os.cpu_count() or 1 if has_gpu() else 1


def _build(plan: Plan, size: int) -> keras.Model:
    return network_module(plan.network).build(channels=len(CHANNELS), size=size, inputs=len(plan.inputs))


def _schedule(phase: Phase, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """Linear warm-up, then a cosine down to ``FINAL_SHARE`` of the peak (Loshchilov & Hutter, arXiv:1608.03983)."""
    total = max(1, phase.epochs * steps)
    warm_up = math.ceil(WARM_UP_SHARE * total)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=phase.learning_rate / 20,
        decay_steps=max(1, total - warm_up),
        alpha=FINAL_SHARE,
        warmup_target=phase.learning_rate,
        warmup_steps=warm_up,
    )


def _metrics() -> list[Any]:
    """Dice of each channel by batch, so that the log shows them apart."""
    return [_ChannelDice(channel, name=f"{name}_dice") for channel, name in enumerate(CHANNELS)]


class _ChannelDice(keras.metrics.Mean):  # type: ignore[misc]
    """Mean over batches of one channel's smoothed Dice coefficient."""

    def __init__(self, channel: int, name: str) -> None:
        super().__init__(name=name)
        self._channel = channel

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add one batch."""
        only = slice(self._channel, self._channel + 1)
        super().update_state(dice_coefficient(y_true[..., only], y_pred[..., only]))


def _digest_records(records: Sequence[Record]) -> str:
    digest = hashlib.sha256()
    for record in records:
        digest.update(f"{record.name},{record.patient},{record.labels}\n".encode())
    return digest.hexdigest()


def _digest_weights(weights: Sequence[NDArray[Any]] | None) -> str | None:
    if weights is None:
        return None
    digest = hashlib.sha256()
    for array in weights:
        digest.update(array.tobytes())
    return digest.hexdigest()
