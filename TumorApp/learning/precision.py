"""Half or single precision, and whether there is a GPU that gains by it, under any Keras backend."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

import keras

CHOICES = ("auto", "on", "off")


def wants_mixed(choice: str) -> bool:
    """Decide on mixed precision: ``on``, ``off``, or ``auto`` for wherever Keras has a GPU."""
    return choice == "on" or (choice == "auto" and has_gpu())


def has_gpu() -> bool:
    """Whether the Keras backend in use would compute on a GPU."""
    if keras.config.backend() == "torch":  # for which Keras lists no devices
        return bool(import_module("torch").cuda.is_available())
    return any(device.lower().startswith(("gpu", "cuda")) for device in keras.distribution.list_devices())


@contextmanager
def precision(*, mixed: bool) -> Iterator[None]:
    """Build networks in half precision with single-precision weights within the block, or wholly in single precision.

    Half precision is ``float16``, which every GPU since 2017 does fast; Keras then scales the loss so that small
    gradients survive (Micikevicius et al. 2018, arXiv:1710.03740).
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16" if mixed else "float32")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
