from __future__ import annotations

import keras
import numpy as np
import pytest

from TumorApp.learning import precision as precision_module
from TumorApp.learning.builders import NETWORKS, network_module
from TumorApp.learning.precision import has_gpu, precision, wants_mixed

pytestmark = pytest.mark.usefixtures("narrow_networks")


def test_auto_is_mixed_only_where_keras_has_a_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (wants_mixed("on"), wants_mixed("off"), wants_mixed("auto")) == (True, False, has_gpu())
    for devices, expected in ((["gpu:0"], True), (["cuda:1"], True), (["cpu:0", "cpu:1"], False)):
        monkeypatch.setattr(precision_module.keras.distribution, "list_devices", lambda devices=devices: devices)
        assert wants_mixed("auto") is expected


@pytest.mark.parametrize("name", NETWORKS)
def test_mixed_networks_compute_in_half_and_answer_in_single_precision(name: str) -> None:
    before = keras.config.dtype_policy()
    with precision(mixed=True):
        network = network_module(name).build(channels=2, size=32, inputs=1)
    assert keras.config.dtype_policy() == before
    convolutions = [layer for layer in network.layers if isinstance(layer, keras.layers.Conv2D)]
    assert convolutions[0].compute_dtype == "float16"
    assert convolutions[0].variable_dtype == "float32"
    assert np.asarray(network(np.zeros((1, 32, 32, 1), np.float32))).dtype == np.float32


def test_the_policy_comes_back_after_an_error() -> None:
    before = keras.config.dtype_policy()
    with pytest.raises(ZeroDivisionError), precision(mixed=True):
        raise ZeroDivisionError
    assert keras.config.dtype_policy() == before
