"""Losses and metrics for Keras, on any of its backends.

``truth`` is ``(N, H, W, C)``: 1 inside, 0 outside, ``dataset.UNKNOWN`` where nobody knows; ``probability`` has the same
shape, float, 0..1. Unknown pixels count nowhere.
"""

from __future__ import annotations

import keras
from keras import ops

SMOOTH = 1.0
"""Added above and below the fraction, as the original does, so that two empty masks agree."""


def dice_coefficient(truth: keras.KerasTensor, probability: keras.KerasTensor) -> keras.KerasTensor:
    """The original's smoothed Dice coefficient ``(2·Σtp + 1) / (Σt + Σp + 1)``, over the whole batch.

    Made for training; measured results use ``imaging.metrics``, where nothing is smoothed.
    """
    return ops.mean(_dice_by_channel(truth, probability))


def dice_loss(truth: keras.KerasTensor, probability: keras.KerasTensor) -> keras.KerasTensor:
    """Minus the smoothed Dice coefficient, the original's loss; with several channels their mean."""
    return -dice_coefficient(truth, probability)


def dice_and_cross_entropy(truth: keras.KerasTensor, probability: keras.KerasTensor) -> keras.KerasTensor:
    """Dice loss plus binary cross-entropy, each over the known pixels.

    Dice alone gives next to no gradient while a rare structure is not found at all; the sum is the usual remedy
    (Isensee et al. 2021, doi:10.1038/s41592-020-01008-z).
    """
    known, truth = _split_known(truth)
    probability = ops.clip(probability, 1e-6, 1 - 1e-6)
    entropy = -(truth * ops.log(probability) + (1 - truth) * ops.log(1 - probability))
    mean_entropy = ops.sum(entropy * known) / ops.maximum(ops.sum(known), 1)
    return mean_entropy - ops.mean(_dice_of_known(known, truth, probability))


def _dice_by_channel(truth: keras.KerasTensor, probability: keras.KerasTensor) -> keras.KerasTensor:
    known, truth = _split_known(truth)
    return _dice_of_known(known, truth, probability)


def _dice_of_known(
    known: keras.KerasTensor, truth: keras.KerasTensor, probability: keras.KerasTensor
) -> keras.KerasTensor:
    over = (0, 1, 2)
    both = ops.sum(known * truth * probability, axis=over)
    total = ops.sum(known * truth, axis=over) + ops.sum(known * probability, axis=over)
    return (2 * both + SMOOTH) / (total + SMOOTH)


def _split_known(truth: keras.KerasTensor) -> tuple[keras.KerasTensor, keras.KerasTensor]:
    """Return where the truth is known, 0 or 1, and the truth with 0 elsewhere."""
    truth = ops.cast(truth, "float32")
    known = ops.cast(truth >= 0, "float32")
    return known, truth * known
