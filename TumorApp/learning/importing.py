"""Takes the weights of the original application, a Keras 2 HDF5 file, into a model folder.

Only numbers are read from the file, by name: nothing in it is unpickled, and no network described in it is built.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.card import ModelCard, sha256_of
from TumorApp.imaging.errors import ModelError
from TumorApp.learning.builders import network_module
from TumorApp.learning.export import write_model

NETWORK = "dilated_unet"
INPUT_SIZE = 128
NORMALISATION = (127.0, 127.0)
WINDOW_HU = (-160.0, 240.0)
"""For slices that come in Hounsfield units; the original knew grey pictures alone. The usual soft-tissue window."""
THRESHOLD = 0.5
SMALLEST_LESION_PX = 7
"""A box counts when both sides exceed 6 px; no connected region of fewer than 7 pixels fills such a box."""
WEIGHTS_GROUP = "model_weights"
"""Where ``model.save`` of Keras 2 puts what ``save_weights`` writes at the root of the file."""
WEIGHT_NAMES = ("kernel", "bias")
INTENDED_USE = (
    "Comparison with the original application only: its own weights, run by its own rules on this project's pages. "
    "Not a medical device; not for diagnosis or for decisions about treatment."
)
LIMITS = (
    "These are imported weights of the original application. The masks it was trained with outline the liver, not a "
    "tumour: what this network marks, boxes and stages is the liver, called tumour as the original called it.",
    "Trained on slices of what looks like one CT volume, turned almost binary by a faulty conversion. What it makes of "
    "other people's slices is not known.",
    "The accuracy of 98 % that its authors report counts single pixels, mostly background, on slices of the same body. "
    "This project has not scored these weights.",
    "It has no channel for the liver: the affected percentage refers to the whole slice.",
)
LIMITS_OF_OTHERS = (
    "These are imported weights with more outputs than the original had. On whom they were trained and what they are "
    "worth is not known here; this project has not scored them.",
)
ORIGINAL_CHANNELS = ("tumour",)


@dataclass(frozen=True, slots=True, eq=False)
class ImportedLayer:
    """The weights of one layer as the file holds them.

    Attributes:
        name: Of the layer in the file.
        weights: ``kernel`` and ``bias``; of a convolution ``(height, width, in, out)`` and ``(out,)``, of a transposed
            convolution ``(height, width, out, in)`` and ``(out,)``; Keras 3 has the same order.
    """

    name: str
    weights: dict[str, NDArray[np.float32]]


def import_model(path: Path, out: Path, channels: Sequence[str] = ORIGINAL_CHANNELS) -> ModelCard:
    """Write a model folder from the original's weights.

    Args:
        path: ``cnn_weights.hdf5``, from ``save_weights`` or ``model.save`` of Keras 2.
        out: The model folder; it must not exist yet, or be empty. Its name is the model's.
        channels: Names of the output channels, in order. The original's one is called tumour, so that the application
            boxes and stages what the network marks, as the original did.

    Returns:
        The card as written.

    Raises:
        ModelError: If the file is not of that kind or its layers are not those of the network, ``channels`` do not fit,
            ``out`` holds something, or the ONNX twin differs from Keras.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise ModelError(f"{out} exists and is not empty; name a folder that does not exist yet.")
    if "tumour" not in channels or len(set(channels)) < len(channels):
        raise ModelError("One output channel must be called tumour: it is what the application looks for.")
    network = restore_network(path, INPUT_SIZE)
    count = network.output_shape[-1]
    if count != len(channels):
        raise ModelError(f"{path} has {count} output channels, not {len(channels)} ({', '.join(channels)}).")
    return write_model(network, _card(path, out.name, tuple(channels)), out)


def restore_network(path: Path, size: int) -> keras.Model:
    """Build the dilated U-Net with the weights of a file; it has as many output channels as the file's last layer.

    Args:
        path: The file.
        size: Height and width of the input in pixels; weights of convolutions suit any.

    Raises:
        ModelError: If the file is not of that kind, or a layer is missing, too much or of another shape.
    """
    layers = read_layers(path)
    network = network_module(NETWORK).build(channels=max(1, layers[-1].weights["bias"].size), size=size)
    expected = [layer for layer in network.layers if layer.weights]
    if len(layers) != len(expected):
        raise ModelError(f"{path} has {len(layers)} layers with weights; the network has {len(expected)}.")
    for layer, given in zip(expected, layers, strict=True):
        for name, variable in zip(WEIGHT_NAMES, layer.weights, strict=True):
            _check_shape(given, name, tuple(variable.shape), layer.name, path)
        layer.set_weights([given.weights[name] for name in WEIGHT_NAMES])
    return network


def read_layers(path: Path) -> list[ImportedLayer]:
    """Read the layers of a Keras 2 weights file that have weights, in the file's order.

    The state of an optimizer, which ``model.save`` adds, is left alone.

    Raises:
        ModelError: If the file is missing, broken or of another kind.
    """
    if not path.is_file():
        raise ModelError(f"{path} does not exist.")
    if not h5py.is_hdf5(path):
        raise ModelError(f"{path} is not an HDF5 file.")
    try:
        with h5py.File(path, "r") as file:
            root = file.get(WEIGHTS_GROUP, file)
            if "layer_names" not in root.attrs:
                raise ModelError(f"{path} is not a weights file of Keras 2: it does not list its layers.")
            _check_origin(root, path)
            names = _strings(root.attrs["layer_names"])
            read = [_read_layer(root, name, path) for name in names]
    except OSError as error:
        raise ModelError(f"{path} is damaged or incomplete: {error}.") from error
    layers = [layer for layer in read if layer.weights]
    if not layers:
        raise ModelError(f"{path} lists no layer with weights.")
    return layers


def _check_origin(root: h5py.Group, path: Path) -> None:
    """Refuse files whose kernels are stored in another order; a file that does not say is taken for the original's."""
    version = "".join(_strings(root.attrs.get("keras_version", "2")))
    backend = "".join(_strings(root.attrs.get("backend", "tensorflow")))
    if version.startswith("1.") or backend != "tensorflow":
        raise ModelError(f"{path} was written by Keras {version} on {backend}; only Keras 2 on TensorFlow is read.")


def _read_layer(root: h5py.Group, name: str, path: Path) -> ImportedLayer:
    group = root.get(name)
    if not isinstance(group, h5py.Group) or "weight_names" not in group.attrs:
        raise ModelError(f"{path} lists the layer {name}, but does not hold it.")
    weights: dict[str, NDArray[np.float32]] = {}
    for full_name in _strings(group.attrs["weight_names"]):
        stored = group.get(full_name)
        if not isinstance(stored, h5py.Dataset) or stored.dtype.kind != "f":
            raise ModelError(f"{path}: the weights {full_name} of layer {name} are missing or not numbers.")
        values = np.asarray(stored[()], dtype=np.float32)
        if not np.isfinite(values).all():
            raise ModelError(f"{path}: the weights {full_name} of layer {name} are not all numbers.")
        weights[full_name.rpartition("/")[2].partition(":")[0]] = values
    if weights and set(weights) != set(WEIGHT_NAMES):
        held = ", ".join(sorted(weights))
        raise ModelError(f"{path}: the layer {name} holds {held}; layers of this network hold kernel and bias.")
    return ImportedLayer(name, weights)


def _check_shape(given: ImportedLayer, name: str, needed: tuple[int, ...], layer: str, path: Path) -> None:
    shape = given.weights[name].shape
    if shape != needed:
        raise ModelError(f"{path}: the {name} of layer {given.name} has the shape {shape}; {layer} needs {needed}.")


def _strings(values: Any) -> list[str]:
    """Return an attribute as text; Keras 2 writes arrays of bytes, some versions of h5py give back text."""
    return [value.decode("utf-8") if isinstance(value, bytes) else str(value) for value in np.atleast_1d(values)]


def original_card(name: str, channels: tuple[str, ...], **values: Any) -> ModelCard:
    """Return a card of the original's network, with the original's numbers and whatever else is given."""
    return ModelCard(
        name=name,
        version="1.0.0",
        network=NETWORK,
        input_size=INPUT_SIZE,
        resize="bicubic",
        window_hu=WINDOW_HU,
        normalisation=NORMALISATION,
        channels=channels,
        thresholds=dict.fromkeys(channels, THRESHOLD),
        smallest_lesion_px=SMALLEST_LESION_PX,
        **values,
    )


def _card(path: Path, name: str, channels: tuple[str, ...]) -> ModelCard:
    return original_card(
        name,
        channels,
        training={"imported_from": path.name, "imported_sha256": sha256_of(path)},
        intended_use=INTENDED_USE,
        limits=LIMITS if channels == ORIGINAL_CHANNELS else LIMITS_OF_OTHERS,
    )
