"""Which slices a batch is made of: by person, because a few people give most slices."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.preprocessing import normalise, to_network_grid
from TumorApp.imaging.records import Float32
from TumorApp.learning.augmentation import augment
from TumorApp.learning.dataset import CHANNELS, Record, Samples, targets_of

TUMOUR_SHARE = 0.6
"""Share of draws from a person with outlined tumours that takes one of their tumour slices."""
OUTLINED_SHARE = 0.7
"""Share of draws from people whose tumours are outlined; the others teach the liver."""
PHANTOM_SHARE = 0.03
"""Share of drawn phantoms, so that the slice bundled to try is something the network has met."""
PHANTOMS = 24
PHANTOM_SEED = 1000
"""Phantoms for training start here; those of the page and of the tests have smaller seeds."""


class Batches(keras.utils.PyDataset):  # type: ignore[misc]
    """Endless random batches, the same for the same seed whatever the order in which they are asked for."""

    def __init__(
        self,
        samples: Samples,
        *,
        window: int,
        batch_size: int,
        steps: int,
        normalisation: tuple[float, float],
        seed: int,
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
            options: Of ``keras.utils.PyDataset``, such as ``workers``.
        """
        super().__init__(**options)
        self._samples = with_phantoms(samples)
        self._window = window
        self._batch_size = batch_size
        self._steps = steps
        self._normalisation = normalisation
        self._seed = seed
        self._epoch = 0
        self._groups = _groups(self._samples)

    def __len__(self) -> int:
        """Batches an epoch."""
        return self._steps

    def __getitem__(self, index: int) -> tuple[Float32, Float32]:
        """Return ``(B, window, window, 1) float32`` slices and ``(B, window, window, 2) float32`` targets."""
        rng = np.random.default_rng((self._seed, self._epoch, index))
        grey = np.empty((self._batch_size, self._window, self._window), np.float32)
        targets = np.empty((self._batch_size, self._window, self._window, len(CHANNELS)), np.float32)
        for place in range(self._batch_size):
            chosen = self._draw(rng)
            grey[place], targets[place] = augment(
                self._samples.grey[chosen], self._samples.targets[chosen], self._window, rng
            )
        return normalise(grey, self._normalisation), targets

    def on_epoch_end(self) -> None:
        """Go on to other draws."""
        self._epoch += 1

    def _draw(self, rng: np.random.Generator) -> int:
        if rng.random() < PHANTOM_SHARE:
            return int(rng.choice(self._groups["phantoms"]))
        outlined = bool(self._groups["outlined"]) and (rng.random() < OUTLINED_SHARE or not self._groups["others"])
        people = self._groups["outlined" if outlined else "others"]
        slices, with_tumour = people[rng.integers(len(people))]
        return int(rng.choice(with_tumour if len(with_tumour) and rng.random() < TUMOUR_SHARE else slices))


def with_phantoms(samples: Samples) -> Samples:
    """Return the samples with drawn phantoms behind them, as patient ``phantom``."""
    size = samples.grey.shape[1]
    drawn = [draw_phantom(PHANTOM_SEED + number, lesions=number % 4) for number in range(PHANTOMS)]
    record = Record("phantom", "phantom", "liver+tumour", folder=None)  # type: ignore[arg-type]
    grey = [np.rint(to_network_grid(phantom.grey.astype(np.float32), size)).astype(np.uint8) for phantom in drawn]
    targets = [targets_of(phantom.labels, record, size) for phantom in drawn]
    return Samples(
        np.concatenate([samples.grey, np.stack(grey)]),
        np.concatenate([samples.targets, np.stack(targets)]),
        np.concatenate([samples.patients, np.full(len(drawn), "phantom")]),
    )


def _groups(samples: Samples) -> dict[str, Any]:
    """Indices by person: every slice and those with tumour, apart for people whose tumours are outlined."""
    has_tumour = (samples.targets[..., 1] == 1).any(axis=(1, 2))
    phantoms = samples.patients == "phantom"
    groups: dict[str, Any] = {"phantoms": np.flatnonzero(phantoms), "outlined": [], "others": []}
    for person in np.unique(samples.patients[~phantoms]):
        own: NDArray[np.bool_] = samples.patients == person
        kind = "outlined" if (own & has_tumour).any() else "others"
        groups[kind].append((np.flatnonzero(own), np.flatnonzero(own & has_tumour)))
    return groups
