"""The original's weights come over number by number and answer as they did there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

from tests.learning.original import Layer, answer, draw_layers, write_keras2
from tests.phantoms import phantom_bytes
from TumorApp.imaging.card import read_card, sha256_of
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.records import Stage
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning.importing import import_model, read_layers, restore_network
from TumorApp.learning.networks import dilated_unet

SIZE = 32
ROWS, COLUMNS = np.indices((SIZE, SIZE))
SLICE = np.sin(ROWS / 3) * np.cos(COLUMNS / 5)
FILTERS, BOTTOM_FILTERS = (32, 64, 128, 256), 512
STORED = {(3, 5): 0.2740032, (16, 20): 0.3337123, (30, 1): 0.4022058}
"""Probabilities of the seeded weights at three pixels, computed once by ``tests.learning.original.answer``."""


@pytest.fixture(scope="module")
def layers() -> list[Layer]:
    return draw_layers(FILTERS, BOTTOM_FILTERS)


@pytest.fixture(scope="module")
def expected(layers: list[Layer]) -> np.ndarray:
    return answer(layers, SLICE)


@pytest.fixture
def narrow(narrow_networks: None) -> list[Layer]:
    return draw_layers(dilated_unet.FILTERS, dilated_unet.BOTTOM_FILTERS)


def test_the_independent_network_answers_what_is_stored(layers: list[Layer], expected: np.ndarray) -> None:
    assert sum(layer.kernel.size + layer.bias.size for layer in layers) == 7_759_521
    for pixel, probability in STORED.items():
        assert expected[pixel][0] == pytest.approx(probability, abs=1e-6)


def test_the_answer_depends_on_what_is_easily_confused(layers: list[Layer], expected: np.ndarray) -> None:
    """Otherwise agreement with it would prove neither dilation nor the order of concatenation."""
    assert np.abs(answer(layers, SLICE, dilation=1) - expected).max() > 0.1
    assert np.abs(answer(layers, SLICE, upsampled_first=False) - expected).max() > 0.1


@pytest.mark.parametrize("whole_model", [False, True], ids=["save_weights", "model.save"])
def test_imported_weights_reproduce_the_stored_answer(
    layers: list[Layer], expected: np.ndarray, whole_model: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # In its full width, whatever other tests of this module make of the network.
    monkeypatch.setattr(dilated_unet, "FILTERS", FILTERS)
    monkeypatch.setattr(dilated_unet, "BOTTOM_FILTERS", BOTTOM_FILTERS)
    network = restore_network(write_keras2(tmp_path / "cnn_weights.hdf5", layers, whole_model=whole_model), SIZE)
    probability = keras.ops.convert_to_numpy(network(SLICE[np.newaxis, ..., np.newaxis].astype(np.float32)))[0]
    np.testing.assert_allclose(probability, expected, atol=1e-5)
    for pixel, stored in STORED.items():
        assert probability[pixel][0] == pytest.approx(stored, abs=1e-5)


def test_layers_without_weights_and_the_optimizer_are_left_out(narrow: list[Layer], tmp_path: Path) -> None:
    read = read_layers(write_keras2(tmp_path / "weights.hdf5", narrow, whole_model=True))
    assert [layer.name for layer in read] == [layer.name for layer in narrow]
    np.testing.assert_array_equal(read[-1].weights["kernel"], narrow[-1].kernel)
    np.testing.assert_array_equal(read[-1].weights["bias"], narrow[-1].bias)


def test_the_model_folder_serves_and_marks_as_the_original_did(narrow: list[Layer], tmp_path: Path) -> None:
    sure = replace(narrow[-1], bias=np.array([9], np.float32))  # marks every pixel
    path = write_keras2(tmp_path / "cnn_weights.hdf5", [*narrow[:-1], sure])
    import_model(path, tmp_path / "original")
    card = read_card(tmp_path / "original")
    assert (card.name, card.network, card.input_size, card.channels) == ("original", "dilated_unet", 128, ("tumour",))
    assert card.normalisation == (127, 127)
    assert card.training == {"imported_from": "cnn_weights.hdf5", "imported_sha256": sha256_of(path)}
    assert "outline the liver" in card.limits[0]
    analysis = analyse(phantom_bytes(), "phantom.png", load_segmenter(tmp_path / "original"))
    assert analysis.tumour_detected
    assert analysis.size_rule.stage is Stage.III
    assert analysis.size_rule.boxes == ((0, 0, 128, 128),)
    assert (analysis.affected_percent, analysis.affected_of) == (100, "slice")


def test_a_head_with_two_channels_needs_two_names(narrow_networks: None, tmp_path: Path) -> None:
    layers = draw_layers(dilated_unet.FILTERS, dilated_unet.BOTTOM_FILTERS, channels=2)
    path = write_keras2(tmp_path / "weights.hdf5", layers)
    with pytest.raises(ModelError, match="2 output channels, not 1"):
        import_model(path, tmp_path / "one")
    card = import_model(path, tmp_path / "two", ("liver", "tumour"))
    assert card.channels == ("liver", "tumour")
    assert "not known" in card.limits[0]
    assert sorted(file.name for file in tmp_path.iterdir()) == ["two", "weights.hdf5"]


@pytest.mark.parametrize("channels", [("liver",), ("tumour", "tumour"), ()])
def test_channels_that_the_application_could_not_use_are_refused(channels: tuple[str, ...], tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="called tumour"):
        import_model(tmp_path / "weights.hdf5", tmp_path / "out", channels)


def test_nothing_is_overwritten(narrow: list[Layer], tmp_path: Path) -> None:
    path = write_keras2(tmp_path / "weights.hdf5", narrow)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "card.json").write_text("{}")
    with pytest.raises(ModelError, match="not empty"):
        import_model(path, tmp_path / "model")
    assert (tmp_path / "model" / "card.json").read_text() == "{}"


def drop_a_layer(file: h5py.File) -> None:
    names = file.attrs["layer_names"]
    file.attrs["layer_names"] = names[names != b"conv2d_7"]


def lose_a_layer(file: h5py.File) -> None:
    del file["conv2d_7"]


def lose_a_bias(file: h5py.File) -> None:
    del file["conv2d_7/conv2d_7/bias:0"]


def widen_a_kernel(file: h5py.File) -> None:
    del file["conv2d_3/conv2d_3/kernel:0"]
    file["conv2d_3/conv2d_3/kernel:0"] = np.zeros((5, 5, 2, 2), np.float32)


def name_a_weight_otherwise(file: h5py.File) -> None:
    file["conv2d_1"].attrs["weight_names"] = np.array([b"conv2d_1/kernel:0"])


def spoil_a_kernel(file: h5py.File) -> None:
    file["conv2d_2/conv2d_2/kernel:0"][0, 0, 0, 0] = np.nan


def write_text(file: h5py.File) -> None:
    del file["conv2d_2/conv2d_2/bias:0"]
    file["conv2d_2/conv2d_2/bias:0"] = "os.system"


def forget_the_layers(file: h5py.File) -> None:
    del file.attrs["layer_names"]


def empty_the_layers(file: h5py.File) -> None:
    file.attrs["layer_names"] = np.array([b"input_1"])


def change_the_backend(file: h5py.File) -> None:
    file.attrs["backend"] = b"theano"


def change_the_version(file: h5py.File) -> None:
    file.attrs["keras_version"] = b"1.2.2"


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (drop_a_layer, "22 layers with weights; the network has 23"),
        (lose_a_layer, "lists the layer conv2d_7, but does not hold it"),
        (lose_a_bias, "conv2d_7/bias:0 of layer conv2d_7 are missing"),
        (widen_a_kernel, r"kernel of layer conv2d_3 has the shape \(5, 5, 2, 2\); .* needs \(3, 3, 2, 2\)"),
        (name_a_weight_otherwise, "conv2d_1 holds kernel; layers of this network hold kernel and bias"),
        (spoil_a_kernel, "conv2d_2/kernel:0 of layer conv2d_2 are not all numbers"),
        (write_text, "missing or not numbers"),
        (forget_the_layers, "does not list its layers"),
        (empty_the_layers, "no layer with weights"),
        (change_the_backend, "on theano"),
        (change_the_version, r"Keras 1\.2\.2"),
    ],
)
def test_a_wrong_file_is_refused_and_named(
    damage: Callable[[h5py.File], None], says: str, narrow: list[Layer], tmp_path: Path
) -> None:
    path = write_keras2(tmp_path / "weights.hdf5", narrow)
    with h5py.File(path, "r+") as file:
        damage(file)
    with pytest.raises(ModelError, match=says) as refusal:
        import_model(path, tmp_path / "out")
    assert "weights.hdf5" in str(refusal.value)
    assert not (tmp_path / "out").exists()


def test_files_of_other_kinds_are_refused(narrow: list[Layer], tmp_path: Path) -> None:
    path = tmp_path / "weights.hdf5"
    with pytest.raises(ModelError, match="does not exist"):
        read_layers(path)
    path.write_bytes(b"\x80\x04K\x01.")
    with pytest.raises(ModelError, match="not an HDF5 file"):
        read_layers(path)
    whole = write_keras2(path, narrow).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ModelError, match="damaged or incomplete"):
        read_layers(path)
