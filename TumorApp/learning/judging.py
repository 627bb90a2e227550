"""Scores a network between epochs on people that it is not trained on, on its own grid."""

from __future__ import annotations

from collections.abc import Sequence
from math import nan

import keras
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.metrics import Overlap, mean_defined, overlap, pooled
from TumorApp.imaging.preprocessing import normalise, show
from TumorApp.imaging.records import Float32
from TumorApp.learning.builders import network_module
from TumorApp.learning.dataset import CHANNELS, UNKNOWN, Record, load_samples
from TumorApp.learning.plans import Plan

BATCH = 8
THRESHOLD = 0.5
"""The sigmoid's natural middle: what a better threshold would give is found after training."""


class Judge:
    """Knows the slices of the validation people and scores weights on them."""

    def __init__(self, records: Sequence[Record], plan: Plan) -> None:
        """Read the slices.

        Args:
            records: Of the validation people.
            plan: Says which network, grid, views and normalisation.
        """
        samples = load_samples(records, plan.input_size)
        views = np.stack([show(grey.astype(np.float32), plan.inputs) for grey in samples.grey])
        self._slices: Float32 = normalise(views, plan.normalisation)
        self._targets = samples.targets
        self._network: keras.Model = network_module(plan.network).build(
            channels=len(CHANNELS), size=plan.input_size, inputs=len(plan.inputs)
        )

    def score(self, weights: Sequence[NDArray[np.generic]]) -> dict[str, float]:
        """Return the Dice of each channel, all known pixels of all slices pooled; nan where nothing is true.

        Args:
            weights: Of the plan's network, as ``get_weights`` returns them.
        """
        self._network.set_weights(weights)
        counted: list[list[Overlap]] = [[] for _ in CHANNELS]
        for start in range(0, len(self._slices), BATCH):
            answer = keras.ops.convert_to_numpy(self._network.predict_on_batch(self._slices[start : start + BATCH]))
            truth = self._targets[start : start + BATCH]
            marked = (answer >= THRESHOLD) & (truth != UNKNOWN)
            for channel in range(len(CHANNELS)):
                counted[channel].append(overlap(marked[..., channel], truth[..., channel] == 1))
        whole = [pooled(rows) for rows in counted]
        return {name: one.dice if one.true else nan for name, one in zip(CHANNELS, whole, strict=True)}


def overall(dice: dict[str, float]) -> float:
    """Return the one figure by which the best weights are chosen: the mean over channels that have a Dice."""
    return mean_defined(dice.values())
