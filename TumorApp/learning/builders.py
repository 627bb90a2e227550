"""Which networks there are, and how the Keras model of a card is built: one network, or members side by side."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from types import ModuleType

import keras

from TumorApp.imaging.card import ModelCard

NETWORKS = ("compact_unet", "dilated_unet")


def network_module(name: str) -> ModuleType:
    """Return the module of a network: ``build(channels=…, size=…, inputs=…)``, ``INPUTS`` and ``SIZE``.

    Raises:
        ValueError: If there is no such network.
    """
    if name not in NETWORKS:
        raise ValueError(f"There is no network {name!r}; there are {', '.join(NETWORKS)}.")
    return import_module(f"TumorApp.learning.networks.{name}")


def build_member(card: ModelCard) -> keras.Model:
    """Build one network as the card describes it, with fresh random weights."""
    module = network_module(card.network)
    network: keras.Model = module.build(channels=len(card.channels), size=card.input_size, inputs=len(card.inputs))
    return network


def build_network(card: ModelCard) -> keras.Model:
    """Build the whole Keras model of a card, with fresh random weights.

    Returns:
        A model from ``(N, size, size, inputs) float32`` to ``(N, size, size, members·channels) float32``, 0..1.
    """
    if card.members == 1:
        return build_member(card)
    return join_members([build_member(card) for _ in range(card.members)])


def join_members(members: Sequence[keras.Model]) -> keras.Model:
    """Put networks of one kind side by side: each answers the same slice, and their outputs are concatenated.

    Nothing is averaged here, so that one member's answer alone can still be had from the twin.

    Args:
        members: From ``(N, S, S, inputs)`` to ``(N, S, S, channels)``; they are used, not copied.

    Returns:
        A model to ``(N, S, S, members·channels)``, member after member.
    """
    slice_in = keras.Input(members[0].input_shape[1:], name="slice")
    # Layers of one model need names of their own, and all members come from one builder.
    named = [
        keras.Model(member.inputs[0], member.outputs[0], name=f"member{number}")
        for number, member in enumerate(members)
    ]
    answers = [member(slice_in) for member in named]
    return keras.Model(slice_in, keras.layers.Concatenate(name="members")(answers), name="members")
