"""A small U-Net with batch normalisation that sees more detail than the original's for a fraction of its work.

The plan is the U-Net's (Ronneberger et al. 2015, arXiv:1505.04597). Three choices make it quick on a processor without
a GPU: the finest level works at half of the slice's resolution and the head restores the whole, widths grow with depth
only as far as a few dozen people can teach, and batch normalisation (Ioffe & Szegedy 2015, arXiv:1502.03167) lets it
learn at ten times the rate and vanishes into the convolutions when the twin is made.
"""

from __future__ import annotations

import keras
from keras import layers

SIZE = 256
INPUTS = ("grey", "equalised")
FILTERS = (16, 32, 64, 128, 192)
CONVOLUTIONS = (1, 2, 2, 2, 2)
"""Convolutions of each level of the encoder; a decoder level has one."""
MOMENTUM = 0.98
"""Of the running statistics: they settle within some fifty batches, less than the averaged weights need."""
DROPOUT = 0.1
"""Of whole feature maps at the bottom, where a few hundred numbers describe a whole slice."""


def build(*, channels: int = 2, size: int = SIZE, inputs: int = len(INPUTS)) -> keras.Model:
    """Build the network with fresh random weights.

    Args:
        channels: Output channels, each an independent sigmoid.
        size: Height and width of the input in pixels, a multiple of 32.
        inputs: Input channels.

    Returns:
        A Keras model from ``(N, size, size, inputs) float32`` normalised grey to ``(N, size, size, channels) float32``
        probabilities, 0..1.

    Raises:
        ValueError: If the halvings do not divide ``size`` evenly.
    """
    if size % 2 ** len(FILTERS):
        raise ValueError(f"The input size must be a multiple of {2 ** len(FILTERS)}, not {size}.")
    slice_in = keras.Input((size, size, inputs), name="slice")
    x = _convolution(slice_in, FILTERS[0], "stem", kernel=4, strides=2)
    skips = []
    for level, (filters, count) in enumerate(zip(FILTERS, CONVOLUTIONS, strict=True), start=1):
        if level > 1:
            x = layers.MaxPooling2D(2, name=f"pool{level}")(x)
        for number in range(1, count + 1):
            x = _convolution(x, filters, f"encoder{level}_{number}")
        skips.append(x)
    x = layers.SpatialDropout2D(DROPOUT, name="dropout")(x)
    for level, filters in reversed(list(enumerate(FILTERS[:-1], start=1))):
        # Narrowed before it is enlarged: the same result as the other way round, at a quarter of the work.
        x = layers.Conv2D(filters, 1, name=f"decoder{level}_narrow")(x)
        x = layers.UpSampling2D(2, interpolation="nearest", name=f"decoder{level}_up")(x)
        x = layers.Concatenate(name=f"decoder{level}_join")([x, skips[level - 1]])
        x = _convolution(x, filters, f"decoder{level}")
    x = layers.Conv2DTranspose(channels, 4, strides=2, padding="same", name="head")(x)
    # Kept in single precision where the rest is half: probabilities near 0 and 1 would round away.
    probability = layers.Activation("sigmoid", dtype="float32", name="probability")(x)
    return keras.Model(slice_in, probability, name="compact_unet")


def _convolution(
    x: keras.KerasTensor, filters: int, name: str, *, kernel: int = 3, strides: int = 1
) -> keras.KerasTensor:
    x = layers.Conv2D(
        filters, kernel, strides=strides, padding="same", use_bias=False, kernel_initializer="he_normal", name=name
    )(x)
    x = layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x)
    return layers.Activation("relu", name=f"{name}_relu")(x)
