"""Which slices a batch is made of: by person, because a few people give most slices."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import keras
import numpy as np
from numpy.typing import NDArray
from skimage import data

from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.preprocessing import normalise, show, to_network_grid
from TumorApp.imaging.records import Float32
from TumorApp.learning.augmentation import augment
from TumorApp.learning.dataset import CHANNELS, SOFT_TISSUE_HU, UNKNOWN, Record, Samples, targets_of
from TumorApp.learning.hounsfield import restore_range
from TumorApp.learning.synthesis import draw_lesions

PHANTOMS = 24
PHANTOM_SEED = 1000
"""Phantoms for training start here; those of the page and of the tests have smaller seeds."""
NOT_CT = ("astronaut", "brick", "camera", "coins", "grass", "gravel", "moon", "page", "text")
"""Pictures that come with scikit-image and show no CT slice."""
PARENCHYMA_HU = 14.0
"""A place whose smoothed value lies this close to the median of its liver is taken for healthy where nobody outlined
the tumours: most tumours differ more (``synthesis.Appearance.contrast_hu``), and the few that do not teach little."""


@dataclass(frozen=True, slots=True)
class Mix:
    """What is drawn how often; all are shares, 0..1.

    Attributes:
        outlined: Draws from people whose tumours are outlined; the others teach the liver, and drawn tumours.
        tumour: Of these, draws that take a slice with tumour.
        synthetic: Draws of any person into whose liver tumours are drawn.
        phantoms: Drawn phantoms, so that the slice bundled to try is something the network has met.
        not_ct: Pictures that are no CT slices.
        weight: Exponent of a person's number of slices with tumour as the weight of that person: 0 makes people equal,
            1 slices.
    """

    outlined: float = 0.7
    tumour: float = 0.6
    synthetic: float = 0.3
    phantoms: float = 0.03
    not_ct: float = 0.02
    weight: float = 0.5


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Endless random batches: each depends on seed, epoch and number alone, whatever the order of asking."""

    def __init__(
        self,
        samples: Samples,
        *,
        window: int,
        batch_size: int,
        steps: int,
        normalisation: tuple[float, float],
        seed: int,
        inputs: tuple[str, ...] = ("grey",),
        mix: Mix | None = None,
        epoch: int = 0,
        **options: Any,
    ) -> None:
        """Prepare the draws.

        Args:
            samples: To draw from, on the grid to train on.
            window: Side of the window cut from each slice, in pixels.
            batch_size: Slices a batch.
            steps: Batches an epoch.
            normalisation: ``(subtract, divide)`` of the card.
            seed: Of all chance.
            inputs: Views of the card.
            mix: What is drawn how often.
            epoch: The first one; a resumed training goes on with the draws it would have had.
            options: Of ``keras.utils.PyDataset``, such as ``workers``.
        """
        super().__init__(**options)
        self._samples = with_others(samples)
        self._hounsfield = _restore(self._samples, seed)
        self._window = window
        self._batch_size = batch_size
        self._steps = steps
        self._normalisation = normalisation
        self._seed = seed
        self._inputs = inputs
        self._mix = mix or Mix()
        self._epoch = epoch
        self._groups = _groups(self._samples, self._mix)
        self._blank_unlikely()

    def __len__(self) -> int:
        """Batches an epoch."""
        return self._steps

    def __getitem__(self, index: int) -> tuple[Float32, Float32]:
        """Return ``(B, window, window, inputs) float32`` views and ``(B, window, window, 2) float32`` targets."""
        rng = np.random.default_rng((self._seed, self._epoch, index))
        views = np.empty((self._batch_size, self._window, self._window, len(self._inputs)), np.float32)
        targets = np.empty((self._batch_size, self._window, self._window, len(CHANNELS)), np.float32)
        for place in range(self._batch_size):
            views[place], targets[place] = self._make(self._draw(rng), rng)
        return normalise(views, self._normalisation), targets

    def on_epoch_end(self) -> None:
        """Go on to other draws."""
        self._epoch += 1

    def _make(self, chosen: int, rng: np.random.Generator) -> tuple[Float32, NDArray[np.int8]]:
        hounsfield = self._hounsfield[chosen].astype(np.float32)
        targets = self._samples.targets[chosen]
        if rng.random() < self._mix.synthetic:
            hounsfield, drawn = draw_lesions(hounsfield, targets[..., 0] == 1, rng)
            targets = np.where(np.stack([np.zeros_like(drawn), drawn], axis=-1), np.int8(1), targets)
        low, high = (float(value) for value in self._samples.windows_hu[chosen])
        grey, targets = augment(hounsfield, targets, (low, high), rng)
        views = show(grey, self._inputs)
        top, left = rng.integers(0, grey.shape[0] - self._window + 1, 2)
        rows, columns = slice(top, top + self._window), slice(left, left + self._window)
        return views[rows, columns], targets[rows, columns]

    def _draw(self, rng: np.random.Generator) -> int:
        kind = rng.random()
        if kind < self._mix.phantoms:
            return int(rng.choice(self._groups["phantom"]))
        if kind < self._mix.phantoms + self._mix.not_ct:
            return int(rng.choice(self._groups["not CT"]))
        outlined, others = self._groups["outlined"], self._groups["others"]
        people = outlined if outlined and (rng.random() < self._mix.outlined or not others) else others
        weights = np.array([weight for _, _, weight in people])
        slices, with_tumour, _ = people[rng.choice(len(people), p=weights / weights.sum())]
        return int(rng.choice(with_tumour if len(with_tumour) and rng.random() < self._mix.tumour else slices))

    def _blank_unlikely(self) -> None:
        """Where tumours are not outlined, call what looks like the rest of the liver free of them."""
        for index, targets in enumerate(self._samples.targets):
            unknown = (targets[..., 1] == UNKNOWN) & (targets[..., 0] == 1)
            if unknown.any():
                smooth = np.asarray(cv2.GaussianBlur(self._hounsfield[index].astype(np.float32), (0, 0), 1.5))
                likely = np.abs(smooth - np.median(smooth[unknown])) < PARENCHYMA_HU
                targets[..., 1][unknown & likely] = 0


def with_others(samples: Samples) -> Samples:
    """Return the samples with drawn phantoms and pictures that are no CT slices behind them."""
    size = samples.grey.shape[1]
    phantoms = [draw_phantom(PHANTOM_SEED + number, lesions=number % 4) for number in range(PHANTOMS)]
    record = Record("phantom", "phantom", "liver+tumour", folder=Path())
    pictures = [np.asarray(getattr(data, name)()) for name in NOT_CT]
    greys = [phantom.grey for phantom in phantoms]
    greys += [picture if picture.ndim == 2 else picture[..., :3].mean(axis=-1) for picture in pictures]
    targets = [targets_of(phantom.labels, record, size) for phantom in phantoms]
    targets += [np.zeros((size, size, len(CHANNELS)), np.int8)] * len(pictures)
    grey = [np.rint(to_network_grid(one.astype(np.float32), size)).astype(np.uint8) for one in greys]
    patients = ["phantom"] * len(phantoms) + ["not CT"] * len(pictures)
    return Samples(
        np.concatenate([samples.grey, np.stack(grey)]),
        np.concatenate([samples.targets, np.stack(targets)]),
        np.concatenate([samples.patients, patients]),
        np.concatenate([samples.windows_hu, np.full((len(grey), 2), SOFT_TISSUE_HU, np.float32)]),
    )


def _restore(samples: Samples, seed: int) -> NDArray[np.int16]:
    """Every slice in Hounsfield units, ``(N, S, S) int16``."""
    rng = np.random.default_rng((seed, len(samples.grey)))
    restored = np.empty(samples.grey.shape, np.int16)
    for index, (grey, (low, high)) in enumerate(zip(samples.grey, samples.windows_hu, strict=True)):
        restored[index] = np.rint(restore_range(grey.astype(np.float32), (float(low), float(high)), rng))
    return restored


def _groups(samples: Samples, mix: Mix) -> dict[str, Any]:
    """Indices of the extras; by person every slice, those with tumour and the weight, apart for outlined people."""
    has_tumour = (samples.targets[..., 1] == 1).any(axis=(1, 2))
    groups: dict[str, Any] = {name: np.flatnonzero(samples.patients == name) for name in ("phantom", "not CT")}
    groups |= {"outlined": [], "others": []}
    for person in np.unique(samples.patients):
        if person in groups:
            continue
        own: NDArray[np.bool_] = samples.patients == person
        with_tumour = np.flatnonzero(own & has_tumour)
        kind = "outlined" if len(with_tumour) else "others"
        groups[kind].append((np.flatnonzero(own), with_tumour, max(1, len(with_tumour)) ** mix.weight))
    return groups
