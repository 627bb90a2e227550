"""A weights file laid out as Keras 2.3 wrote the original's, and what its network answers, computed without Keras."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Layer:
    name: str
    kernel: NDArray[np.float32]
    bias: NDArray[np.float32]


def draw_layers(filters: tuple[int, ...], bottom: int, channels: int = 1, seed: int = 0) -> list[Layer]:
    """The layers with weights in the order of spec 1.2, filled from a seed; a gain of √2 keeps ReLU layers alive."""
    rng = np.random.default_rng(seed)
    shapes: list[tuple[str, tuple[int, int, int, int]]] = []
    before = 1
    for count in (*filters, bottom):
        shapes += [("conv2d", (3, 3, before, count)), ("conv2d", (3, 3, count, count))]
        before = count
    for count in reversed(filters):
        shapes += [
            ("conv2d_transpose", (2, 2, count, before)),  # height, width, out, in
            ("conv2d", (3, 3, 2 * count, count)),
            ("conv2d", (3, 3, count, count)),
        ]
        before = count
    shapes.append(("conv2d", (1, 1, before, channels)))
    layers, numbers = [], {"conv2d": 0, "conv2d_transpose": 0}
    for kind, shape in shapes:
        numbers[kind] += 1
        transposed = kind == "conv2d_transpose"
        inputs, outputs = (shape[3], shape[2]) if transposed else (shape[2], shape[3])
        deviation = np.sqrt((1 if transposed else 2) / (inputs * (1 if transposed else shape[0] * shape[1])))
        kernel = rng.normal(0, deviation, shape).astype(np.float32)
        bias = rng.normal(0, 0.05, outputs).astype(np.float32)
        layers.append(Layer(f"{kind}_{numbers[kind]}", kernel, bias))
    return layers


def write_keras2(path: Path, layers: list[Layer], *, whole_model: bool = False) -> Path:
    """Write what ``save_weights`` of Keras 2.3 writes, or ``model.save`` with the state of its optimizer."""
    with h5py.File(path, "w") as file:
        root = file.create_group("model_weights") if whole_model else file
        names = ["input_1", *(layer.name for layer in layers), "max_pooling2d_1", "concatenate_1", "dropout_1"]
        root.attrs["layer_names"] = np.array([name.encode() for name in names])
        for holder in {root, file}:
            holder.attrs["backend"] = b"tensorflow"
            holder.attrs["keras_version"] = b"2.3.1"
        for name in names:
            root.create_group(name).attrs["weight_names"] = np.array([], "S1")
        for layer in layers:
            group = root[layer.name]
            weights = {f"{layer.name}/kernel:0": layer.kernel, f"{layer.name}/bias:0": layer.bias}
            group.attrs["weight_names"] = np.array([name.encode() for name in weights])
            for name, values in weights.items():
                group[name] = values
        if whole_model:
            file.attrs["model_config"] = b'{"class_name": "Model"}'
            state = file.create_group("optimizer_weights")
            state.attrs["weight_names"] = np.array([b"Adam/iterations:0"])
            state["Adam/iterations:0"] = 7
    return path


def answer(layers: list[Layer], slice_in: Array, *, dilation: int = 2, upsampled_first: bool = True) -> Array:
    """The network of spec 1.2 in plain NumPy: ``(H, W)`` normalised grey to ``(H, W, channels)`` probabilities."""
    levels = (len(layers) - 3) // 5
    waiting = iter(layers)
    x = slice_in[..., np.newaxis]
    skips = []
    for _ in range(levels):
        for _ in range(2):
            x = rectified(convolve(x, next(waiting), dilation))
        skips.append(x)
        x = pool(x)
    x = rectified(convolve(x, next(waiting), dilation))
    x = rectified(convolve(x, next(waiting)))
    for skip in reversed(skips):
        upsampled = enlarge(x, next(waiting))
        x = np.concatenate([upsampled, skip] if upsampled_first else [skip, upsampled], axis=-1)
        x = rectified(convolve(x, next(waiting), dilation))
        x = rectified(convolve(x, next(waiting)))
    return 1 / (1 + np.exp(-convolve(x, next(waiting))))


def convolve(x: Array, layer: Layer, dilation: int = 1) -> Array:
    """Cross-correlation that keeps the size, taps ``dilation`` pixels apart, zeros beyond the border."""
    height, width, _ = x.shape
    reach = layer.kernel.shape[0] // 2 * dilation
    padded = np.pad(x, ((reach, reach), (reach, reach), (0, 0)))
    total = np.zeros((height, width, layer.bias.size)) + layer.bias
    for (row, column), tap in taps(layer.kernel):
        shifted = padded[row * dilation : row * dilation + height, column * dilation : column * dilation + width]
        total += shifted @ tap
    return total


def enlarge(x: Array, layer: Layer) -> Array:
    """Transposed convolution of 2×2 with stride 2: every pixel becomes a block of four, none overlaps another."""
    height, width, _ = x.shape
    blocks = np.zeros((2 * height, 2 * width, layer.bias.size)) + layer.bias
    for (row, column), tap in taps(layer.kernel):
        blocks[row::2, column::2] += x @ tap.T
    return blocks


def taps(kernel: NDArray[np.float32]) -> list[tuple[tuple[int, int], Array]]:
    rows, columns = kernel.shape[:2]
    return [((row, column), kernel[row, column].astype(float)) for row in range(rows) for column in range(columns)]


def pool(x: Array) -> Array:
    height, width, channels = x.shape
    return x.reshape(height // 2, 2, width // 2, 2, channels).max(axis=(1, 3))


def rectified(x: Array) -> Array:
    return np.maximum(x, 0)
