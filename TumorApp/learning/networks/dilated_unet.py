"""The original's network: a U-Net whose convolutions look further through dilation.

Source of every number: the original Django application, as recorded in ``docs/fidelity.md``. With one output channel
the network has 7,759,521 parameters, which a test asserts.
"""

from __future__ import annotations

import keras
from keras import layers

FILTERS = (32, 64, 128, 256)
BOTTOM_FILTERS = 512
SIZE = 128
INPUTS = ("grey",)
DILATION = 2
DROPOUT = 0.1
DROPOUT_LEVELS = (1, 2)
"""Levels whose first convolution starts He-normal and which end in dropout; all others start Glorot-uniform."""


def build(*, channels: int = 1, size: int = SIZE, inputs: int = len(INPUTS)) -> keras.Model:
    """Build the dilated U-Net with fresh random weights.

    Args:
        channels: Output channels, each an independent sigmoid; the original has 1.
        size: Height and width of the input in pixels, a multiple of 16.
        inputs: Input channels; the original has 1.

    Returns:
        A Keras model from ``(N, size, size, inputs) float32`` normalised grey to ``(N, size, size, channels) float32``
        probabilities, 0..1.

    Raises:
        ValueError: If four poolings do not divide ``size`` evenly.
    """
    if size % 2 ** len(FILTERS):
        raise ValueError(f"The input size must be a multiple of {2 ** len(FILTERS)}, not {size}.")
    slice_in = keras.Input((size, size, inputs), name="slice")
    x = slice_in
    skips = []
    for level, filters in enumerate(FILTERS, start=1):
        x = _encoder_block(x, filters, level)
        skips.append(x)
        x = layers.MaxPooling2D(2, name=f"pool{level}")(x)
    x = _convolution(x, BOTTOM_FILTERS, "bottom_dilated", dilation=DILATION)
    x = _convolution(x, BOTTOM_FILTERS, "bottom_plain")
    for level, filters in reversed(list(enumerate(FILTERS, start=1))):
        x = layers.Conv2DTranspose(filters, 2, strides=2, name=f"decoder{level}_up")(x)
        # Upsampled first, skip second: swapped, the parameter count stays and imported weights give other answers.
        x = layers.Concatenate(name=f"decoder{level}_join")([x, skips[level - 1]])
        x = _convolution(x, filters, f"decoder{level}_dilated", dilation=DILATION)
        x = _convolution(x, filters, f"decoder{level}_plain")
    # In single precision also where the rest is half: probabilities near 0 and 1 would round away.
    probability = layers.Conv2D(channels, 1, activation="sigmoid", dtype="float32", name="probability")(x)
    return keras.Model(slice_in, probability, name="dilated_unet")


def _encoder_block(x: keras.KerasTensor, filters: int, level: int) -> keras.KerasTensor:
    """Two dilated convolutions, and dropout on the levels that have it; the result is also the skip."""
    start = "he_normal" if level in DROPOUT_LEVELS else "glorot_uniform"
    x = _convolution(x, filters, f"encoder{level}_first", dilation=DILATION, start=start)
    x = _convolution(x, filters, f"encoder{level}_second", dilation=DILATION)
    if level in DROPOUT_LEVELS:
        x = layers.Dropout(DROPOUT, name=f"encoder{level}_dropout")(x)
    return x


def _convolution(
    x: keras.KerasTensor, filters: int, name: str, *, dilation: int = 1, start: str = "glorot_uniform"
) -> keras.KerasTensor:
    return layers.Conv2D(
        filters,
        3,
        padding="same",
        dilation_rate=dilation,
        activation="relu",
        kernel_initializer=start,
        name=name,
    )(x)
