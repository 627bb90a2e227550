"""The network of the original, to the letter."""

from __future__ import annotations

import keras
import pytest

from TumorApp.learning.networks.dilated_unet import build


@pytest.fixture(scope="module")
def network() -> keras.Model:
    return build()


def test_parameters(network: keras.Model) -> None:
    assert network.count_params() == 7_759_521


def test_input_and_output(network: keras.Model) -> None:
    assert network.input_shape == (None, 128, 128, 1)
    assert network.output_shape == (None, 128, 128, 1)
    assert network.layers[-1].activation is keras.activations.sigmoid
    assert network.layers[-1].kernel_size == (1, 1)


def test_two_channels_add_one_head_only() -> None:
    assert build(channels=2).count_params() == 7_759_521 + 33


def test_dilation_and_filters(network: keras.Model) -> None:
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)][:-1]
    assert [(layer.filters, layer.dilation_rate[0]) for layer in convolutions] == [
        *((filters, 2) for filters in (32, 32, 64, 64, 128, 128, 256, 256)),
        (512, 2),
        (512, 1),
        *((filters, dilation) for filters in (256, 128, 64, 32) for dilation in (2, 1)),
    ]
    assert all(layer.kernel_size == (3, 3) and layer.padding == "same" for layer in convolutions)
    assert all(layer.activation is keras.activations.relu for layer in convolutions)


def test_initialisers(network: keras.Model) -> None:
    he_normal = {
        layer.name
        for layer in network.layers
        if isinstance(getattr(layer, "kernel_initializer", None), keras.initializers.HeNormal)
    }
    assert he_normal == {"encoder1_first", "encoder2_first"}
    assert isinstance(network.get_layer("encoder3_first").kernel_initializer, keras.initializers.GlorotUniform)


def test_dropout_on_the_first_two_levels(network: keras.Model) -> None:
    dropouts = [layer for layer in network.layers if isinstance(layer, keras.layers.Dropout)]
    assert [(layer.name, layer.rate) for layer in dropouts] == [("encoder1_dropout", 0.1), ("encoder2_dropout", 0.1)]


def test_upsampled_comes_before_skip(network: keras.Model) -> None:
    joins = [layer for layer in network.layers if isinstance(layer, keras.layers.Concatenate)]
    assert len(joins) == 4
    for join in joins:
        upsampled, skip = join.input
        assert isinstance(upsampled._keras_history.operation, keras.layers.Conv2DTranspose)
        assert not isinstance(skip._keras_history.operation, keras.layers.Conv2DTranspose)
    assert all(
        layer.activation is keras.activations.linear
        for layer in network.layers
        if isinstance(layer, keras.layers.Conv2DTranspose)
    )


def test_sizes_that_four_poolings_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="multiple of 16"):
        build(size=100)
