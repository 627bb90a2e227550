from __future__ import annotations

import keras
import numpy as np
import pytest

from tests.phantoms import card as card_with
from TumorApp.learning.builders import NETWORKS, build_network, join_members, network_module

pytestmark = pytest.mark.usefixtures("narrow_networks")


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_is_built_as_the_card_says(name: str) -> None:
    inputs = network_module(name).INPUTS
    card = card_with(network=name, input_size=64, inputs=inputs, channels=("tumour",))
    network = build_network(card)
    assert network.input_shape == (None, 64, 64, len(inputs))
    assert network.output_shape == (None, 64, 64, 1)


def test_members_answer_side_by_side_each_for_itself() -> None:
    card = card_with(input_size=32)
    members = []
    for seed in range(3):
        keras.utils.set_random_seed(seed)
        members.append(build_network(card))
    joined = build_network(card_with(input_size=32, members=3))
    assert joined.output_shape == (None, 32, 32, 6)
    joined.set_weights(join_members(members).get_weights())
    slices = np.random.default_rng(0).uniform(-1, 1, (2, 32, 32, 1)).astype(np.float32)
    answer = np.asarray(joined(slices))
    for number, member in enumerate(members):
        np.testing.assert_allclose(answer[..., 2 * number : 2 * number + 2], np.asarray(member(slices)), atol=1e-6)


def test_unknown_networks_are_named() -> None:
    with pytest.raises(ValueError, match="there are compact_unet, dilated_unet"):
        network_module("resnet")
