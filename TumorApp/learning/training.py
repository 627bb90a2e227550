"""Trains a network in phases of growing detail and leaves weights, log and card values behind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import keras

from TumorApp.learning.dataset import CHANNELS, Record, load_samples
from TumorApp.learning.losses import dice_and_cross_entropy, dice_coefficient
from TumorApp.learning.sampling import Batches

NETWORKS = ("dilated_unet",)
LOG_FILE = "training.csv"
CHECKPOINT_FILE = "last.weights.h5"
WARM_UP_SHARE = 0.08
"""Share of a phase in which the learning rate rises: unnormalised layers diverge when it starts at its peak."""
FINAL_SHARE = 0.03
"""Share of the peak learning rate that is left at the end of a phase."""
CLIP_NORM = 1.0
AVERAGE_MOMENTUM = 0.995
"""Of the running average of the weights that is kept as the result; about the last 200 steps."""


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of training.

    Attributes:
        grid: Side of the grid that slices are brought to, in pixels.
        window: Side of the square cut from it, in pixels; the same as ``grid`` for whole slices.
        epochs: How often ``Plan.steps`` batches are drawn.
        learning_rate: At its peak.
    """

    grid: int
    window: int
    epochs: int
    learning_rate: float


DEFAULT_PHASES = (
    Phase(64, 64, 10, 6e-4),
    Phase(128, 96, 7, 4e-4),
    Phase(128, 128, 1, 1e-4),
    Phase(128, 96, 5, 3e-4),
    Phase(128, 128, 2, 1e-4),
)
"""A network of convolutions learns where the liver lies on a quarter of the pixels at a quarter of the cost. The fine
phases come twice, the second time from a lower peak (warm restarts, Loshchilov & Hutter, arXiv:1608.03983)."""


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a training run, apart from its data.

    Attributes:
        network: Name of a module in ``learning.networks``.
        phases: In order.
        steps: Batches an epoch.
        batch_size: Slices a batch.
        normalisation: ``(subtract, divide)``.
        seed: Of weights, draws and changes.
    """

    network: str = "dilated_unet"
    phases: tuple[Phase, ...] = DEFAULT_PHASES
    steps: int = 64
    batch_size: int = 16
    normalisation: tuple[float, float] = (127.0, 127.0)
    seed: int = 2018

    @property
    def input_size(self) -> int:
        """Side of the network grid: that of the last phase."""
        return self.phases[-1].grid

    def as_values(self) -> dict[str, Any]:
        """Return the plan as plain values for the card."""
        return asdict(self)


def network_module(name: str) -> ModuleType:
    """Return the module of a network, which has ``build(channels=…, size=…)``.

    Raises:
        ValueError: If there is no such network.
    """
    if name not in NETWORKS:
        raise ValueError(f"There is no network {name!r}; there are {', '.join(NETWORKS)}.")
    return import_module(f"TumorApp.learning.networks.{name}")


def train_network(records: Sequence[Record], plan: Plan, out: Path, *, verbose: int = 1) -> keras.Model:
    """Train a network from fresh weights.

    Args:
        records: To train on; nothing else is looked at.
        plan: How.
        out: Folder for ``training.csv`` and the weights after each epoch, ``last.weights.h5``.
        verbose: 0 silent, 1 progress bar, 2 a line an epoch.

    Returns:
        The network with averaged weights, on the grid of the last phase.
    """
    keras.utils.set_random_seed(plan.seed)
    out.mkdir(parents=True, exist_ok=True)
    (out / LOG_FILE).unlink(missing_ok=True)
    module = network_module(plan.network)
    trained: keras.Model | None = None
    done = 0
    for number, phase in enumerate(plan.phases):
        network = module.build(channels=len(CHANNELS), size=phase.window)
        if trained is not None:
            network.set_weights(trained.get_weights())
        _train_phase(network, records, plan, number, done, out, verbose)
        trained, done = network, done + phase.epochs
    whole = module.build(channels=len(CHANNELS), size=plan.input_size)
    if trained is not None:
        whole.set_weights(trained.get_weights())
    return whole


def _train_phase(
    network: keras.Model, records: Sequence[Record], plan: Plan, number: int, done: int, out: Path, verbose: int
) -> None:
    phase = plan.phases[number]
    batches = Batches(
        load_samples(records, phase.grid),
        window=phase.window,
        batch_size=plan.batch_size,
        steps=plan.steps,
        normalisation=plan.normalisation,
        seed=plan.seed + number,
    )
    optimizer = keras.optimizers.Adam(
        _schedule(phase, plan.steps), clipnorm=CLIP_NORM, use_ema=True, ema_momentum=AVERAGE_MOMENTUM
    )
    network.compile(optimizer=optimizer, loss=dice_and_cross_entropy, metrics=_metrics(), jit_compile=False)
    callbacks = [
        keras.callbacks.CSVLogger(out / LOG_FILE, append=number > 0),
        keras.callbacks.ModelCheckpoint(out / CHECKPOINT_FILE, save_weights_only=True),
        keras.callbacks.TerminateOnNaN(),
    ]
    network.fit(batches, initial_epoch=done, epochs=done + phase.epochs, callbacks=callbacks, verbose=verbose)


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
