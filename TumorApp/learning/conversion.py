"""Volumes to a data folder: which slices are taken, how they are shown, and what the manifest says of them."""

from __future__ import annotations

import csv
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from TumorApp.imaging.preprocessing import pad_to_square
from TumorApp.imaging.reading import MIN_SIDE_PX
from TumorApp.imaging.records import LIVER, TUMOUR, Float32, Uint8
from TumorApp.learning.dataset import SOFT_TISSUE_HU
from TumorApp.learning.hounsfield import show_window
from TumorApp.learning.volumes import Volume, VolumeError, VolumeFiles, open_volume, turn_upright

COLUMNS = ("name", "patient", "labels", "window", "spacing_mm", "source", "liver_px", "tumour_px")
Window = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Selection:
    """Which slices of a volume are taken, and how they are shown.

    Attributes:
        windows: ``(darkest, brightest)`` in Hounsfield units; with several, each slice is shown in one of them, by
            chance.
        all_windows: Show each slice in every window instead.
        every: Take each N-th slice, counted from the feet.
        margin: Slices above and below the labelled ones that are taken as well.
        empty_share: Share of the slices further away that is taken, 0..1, by chance.
        size: Side in pixels to reduce slices to; None keeps their own grid.
        seed: Of all chance.
        trust_files: Leave volumes as their files describe them even where the liver then lies on the wrong side.

    Raises:
        ValueError: If a value makes no sense.
    """

    windows: tuple[Window, ...] = (SOFT_TISSUE_HU,)
    all_windows: bool = False
    every: int = 1
    margin: int = 3
    empty_share: float = 0.1
    size: int | None = None
    seed: int = 2018
    trust_files: bool = False

    def __post_init__(self) -> None:
        if not self.windows or any(low >= high for low, high in self.windows):
            raise ValueError("A window is given as LOW,HIGH with LOW below HIGH.")
        if len(set(self.windows)) < len(self.windows):
            raise ValueError("A window is given twice.")
        if self.every < 1 or self.margin < 0 or not 0 <= self.empty_share <= 1:
            raise ValueError("Take each N-th slice from 1, a margin from 0, and a share of empty slices from 0 to 1.")
        if self.size is not None and self.size < MIN_SIDE_PX:
            raise ValueError(f"Slices of less than {MIN_SIDE_PX} pixels are not read; choose a larger size.")


def convert(
    volumes: Sequence[VolumeFiles],
    out: Path,
    selection: Selection,
    people: Mapping[str, str],
    tell: Callable[[str], None] = lambda sentence: None,
) -> int:
    """Write a data folder of slices. It appears only when it is complete.

    Args:
        volumes: To take slices from.
        out: The data folder; it must not exist yet, or be empty.
        selection: Which slices, and how they are shown.
        people: Name of a volume to the person's id, where that is not the volume's name.
        tell: Is given a sentence after each volume, and one for everything doubtful.

    Returns:
        Number of slices written.

    Raises:
        VolumeError: If a volume cannot be used, or ``out`` holds something; nothing is left behind then.
    """
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise VolumeError(f"{out} exists and is not empty; name a folder that does not exist yet.")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".writing-") as name:
        folder = Path(name) / "data"
        for part in ("images", "masks"):
            (folder / part).mkdir(parents=True)
        rows: list[dict[str, str]] = []
        for number, files in enumerate(volumes, start=1):
            own = _convert_volume(files, folder, selection, people.get(files.name, files.name), tell)
            tell(f"{number} of {len(volumes)}: {files.name}, {len(own)} slices")
            rows += own
        if not rows:
            raise VolumeError("No slice was taken; take more of them, or a wider margin.")
        _write_manifest(rows, folder)
        if out.exists():
            out.rmdir()
        folder.rename(out)
    return len(rows)


def choose_levels(outlined: NDArray[np.bool_], selection: Selection, rng: np.random.Generator) -> list[int]:
    """Choose the slices of a volume.

    Args:
        outlined: ``(levels,) bool``: whether anything is labelled in a slice.
        selection: What to take.
        rng: Chooses among the slices further away.

    Returns:
        Numbers of slices, ascending: of each N-th slice those labelled or within the margin of one that is, and a share
        of the others.
    """
    reach = 2 * selection.margin + 1
    near = np.convolve(outlined, np.ones(reach), "full")[selection.margin :][: len(outlined)] > 0.5
    looked_at = np.arange(0, len(outlined), selection.every)
    beside = looked_at[~near[looked_at]]
    chosen = rng.choice(beside, size=round(selection.empty_share * len(beside)), replace=False)
    return sorted(int(level) for level in (*looked_at[near[looked_at]], *chosen))


def reduce(pixels: Float32, size: int | None) -> Float32:
    """Reduce a slice to ``(size, size)`` by averaging over areas; a side is padded with zeros first where it is short.

    A slice that is not square is padded as for a network. Without a size the slice stays as it is.
    """
    if size is None or pixels.shape == (size, size):
        return pixels
    square = pad_to_square(pixels)
    return np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA), dtype=np.float32)


def reduce_mask(mask: Uint8, size: int | None) -> Uint8:
    """Reduce a mask of 0, 1 and 2: a pixel belongs to a structure where at least half of what it covers does."""
    liver = reduce((mask >= LIVER).astype(np.float32), size) >= 0.5
    tumour = reduce((mask == TUMOUR).astype(np.float32), size) >= 0.5
    return np.where(tumour, TUMOUR, np.where(liver, LIVER, 0)).astype(np.uint8)


def _convert_volume(
    files: VolumeFiles, folder: Path, selection: Selection, patient: str, tell: Callable[[str], None]
) -> list[dict[str, str]]:
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        volume = open_volume(files, Path(work))
        if not selection.trust_files:
            volume = turn_upright(volume)
        for note in volume.notes:
            tell(note)
        scale = _scale(volume, selection.size)
        spacing = " ".join(f"{length * scale:.6g}" for length in volume.spacing_mm or ())
        # A seed of its own for each volume: what is drawn from one does not depend on which others are there.
        rng = np.random.default_rng([selection.seed, zlib.crc32(files.name.encode())])
        rows = []
        for level in choose_levels(volume.outlined(), selection, rng):
            hounsfield, mask = volume.hounsfield(level), reduce_mask(volume.mask(level), selection.size)
            for name, window in _windows(f"{files.name}_{level:03d}", selection, rng):
                # Reduced after the window, as an upload is: what the window cut off is gone before that.
                grey = np.rint(reduce(show_window(hounsfield, window), selection.size)).astype(np.uint8)
                Image.fromarray(grey).save(folder / "images" / f"{name}.png")
                Image.fromarray(mask).save(folder / "masks" / f"{name}.png")
                row = {"name": name, "patient": patient, "window": f"HU {window[0]:g}..{window[1]:g}"}
                rows.append({**row, "spacing_mm": spacing, "source": files.source, **_counts(mask, files.structures)})
        return rows


def _scale(volume: Volume, size: int | None) -> float:
    """Return how many own pixels one pixel of the reduced grid is wide."""
    height, width = volume.hounsfield(0).shape
    if size is not None and size > max(height, width):
        raise VolumeError(f"{volume.files.name} has slices of {height}×{width}; they are not enlarged to {size}.")
    if min(height, width) < MIN_SIDE_PX:
        raise VolumeError(f"{volume.files.name} has slices of {height}×{width}, less than {MIN_SIDE_PX} pixels.")
    return 1.0 if size is None else max(height, width) / size


def _windows(stem: str, selection: Selection, rng: np.random.Generator) -> Iterator[tuple[str, Window]]:
    """Yield the name of each picture of a slice and the window that it shows."""
    if not selection.all_windows or len(selection.windows) == 1:
        yield stem, selection.windows[rng.integers(len(selection.windows))]
        return
    for number, window in enumerate(selection.windows, start=1):
        yield f"{stem}_w{number}", window


def _counts(mask: Uint8, structures: str) -> dict[str, str]:
    """Count the pixels of what the labels cover; what they do not cover is unknown and stays empty."""
    covered = structures.split("+")
    return {
        "labels": structures,
        "liver_px": str(np.count_nonzero(mask >= LIVER)) if "liver" in covered else "",
        "tumour_px": str(np.count_nonzero(mask == TUMOUR)) if "tumour" in covered else "",
    }


def _write_manifest(rows: Sequence[Mapping[str, str]], folder: Path) -> None:
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
