from __future__ import annotations

import keras
import numpy as np
import pytest

from TumorApp.learning.networks.compact_unet import build


@pytest.fixture(scope="module")
def network() -> keras.Model:
    keras.utils.set_random_seed(0)
    return build()


def test_input_and_output(network: keras.Model) -> None:
    assert network.input_shape == (None, 256, 256, 2)
    assert network.output_shape == (None, 256, 256, 2)
    assert network.layers[-1].activation is keras.activations.sigmoid


def test_it_is_a_fraction_of_the_original(network: keras.Model) -> None:
    assert network.count_params() < 7_759_521 / 4


def test_the_head_stays_in_single_precision() -> None:
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        half = build(size=32)
    finally:
        keras.config.set_dtype_policy(before)
    assert half.get_layer("encoder2_1").compute_dtype == "float16"
    assert half.get_layer("probability").compute_dtype == "float32"


def test_probabilities_answer_to_the_slice(network: keras.Model) -> None:
    slices = np.random.default_rng(0).normal(size=(2, 256, 256, 2)).astype(np.float32)
    answer = np.asarray(network(slices, training=False))
    assert answer.min() >= 0
    assert answer.max() <= 1
    assert np.abs(answer[0] - answer[1]).max() > 1e-3


def test_sizes_that_five_halvings_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 32"):
        build(size=144)
