"""Data folders: ``images/NAME.png``, ``masks/NAME.png`` and ``manifest.csv``, read as arrays on a network grid."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from TumorApp.imaging.preprocessing import pad_to_square, to_network_grid
from TumorApp.imaging.reading import read_slice
from TumorApp.imaging.records import LIVER, TUMOUR, Float32, Uint8

UNKNOWN = -1
"""Target value of a pixel about which the labels say nothing; losses leave it out."""
CHANNELS = ("liver", "tumour")
LABELS = ("liver", "tumour", "liver+tumour")
SOFT_TISSUE_HU = (-160.0, 240.0)
"""The window that a picture is taken to show where nobody says: level 40, width 400, the usual one for an abdomen."""
WINDOW = re.compile(r"(?:HU )?(-?\d+(?:\.\d+)?)(?:\.\.|,)(-?\d+(?:\.\d+)?)")


class DataFolderError(Exception):
    """A data folder is not laid out as documented; the message names file and line."""


@dataclass(frozen=True, slots=True)
class Record:
    """One row of the manifest.

    Attributes:
        name: Stem of picture and mask.
        patient: Whose slice it is; splits go by it.
        labels: Which structures the mask covers: ``liver``, ``tumour`` or ``liver+tumour``. The rest is unknown.
        folder: The data folder.
        window_hu: Darkest and brightest value that the picture shows, in Hounsfield units, as far as the manifest's
            optional column ``window`` says so (``HU -160..240``).
        spacing_mm: ``(row, column)`` from the optional column ``spacing_mm``, two numbers; None without it.
    """

    name: str
    patient: str
    labels: str
    folder: Path
    window_hu: tuple[float, float] = SOFT_TISSUE_HU
    spacing_mm: tuple[float, float] | None = None

    def covers(self, structure: str) -> bool:
        """Whether the mask says everything about ``liver`` or ``tumour``."""
        return structure in self.labels.split("+")


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """Slices on one grid, ready for training.

    Attributes:
        grey: ``(N, S, S) uint8``, 0..255.
        targets: ``(N, S, S, 2) int8``, channels liver and tumour: 0, 1 or ``UNKNOWN``.
        patients: ``(N,)`` patient ids.
        windows_hu: ``(N, 2) float32``, darkest and brightest value of each slice in Hounsfield units.
    """

    grey: Uint8
    targets: NDArray[np.int8]
    patients: NDArray[np.str_]
    windows_hu: Float32


def read_manifest(folder: Path) -> list[Record]:
    """Read the manifest of a data folder.

    Raises:
        DataFolderError: If it is missing, lacks a column, or a row is wrong.
    """
    path = folder / "manifest.csv"
    if not path.is_file():
        raise DataFolderError(f"{folder} is not a data folder: it has no manifest.csv.")
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        missing = {"name", "patient", "labels"} - set(reader.fieldnames or ())
        if missing:
            raise DataFolderError(f"{path} lacks the column {', '.join(sorted(missing))}.")
        records = []
        for row in reader:
            if row["labels"] not in LABELS:
                raise DataFolderError(f"{path}, line {reader.line_num}: labels are one of {', '.join(LABELS)}.")
            try:
                window_hu, spacing_mm = _window(row.get("window")), _spacing(row.get("spacing_mm"))
            except ValueError as error:
                raise DataFolderError(f"{path}, line {reader.line_num}: {error}") from error
            records.append(Record(row["name"], row["patient"], row["labels"], folder, window_hu, spacing_mm))
    if not records:
        raise DataFolderError(f"{path} lists no slices.")
    return records


def read_grey(record: Record) -> Float32:
    """Read the slice of a record exactly as an upload is read: ``(H, W) float32``, 0..255."""
    path = record.folder / "images" / f"{record.name}.png"
    return read_slice(path.read_bytes(), path.name).grey


def read_labels(record: Record) -> Uint8:
    """Read the mask of a record: ``(H, W) uint8``, 0 background, 1 liver, 2 tumour.

    Raises:
        DataFolderError: If it holds other values.
    """
    path = record.folder / "masks" / f"{record.name}.png"
    labels = np.asarray(Image.open(path))
    if labels.ndim != 2 or labels.max() > TUMOUR:
        raise DataFolderError(f"{path} must be a grey picture of 0 (background), 1 (liver) and 2 (tumour).")
    return labels.astype(np.uint8)


def targets_of(labels: Uint8, record: Record, size: int) -> NDArray[np.int8]:
    """Turn a mask into training targets on the network grid: ``(size, size, 2) int8``.

    A structure that the labels do not cover is ``UNKNOWN``, with one exception that follows from what a liver tumour
    is: where the whole liver is outlined, there is none outside of it.
    """
    liver = _to_grid(labels >= LIVER, size)
    tumour = _to_grid(labels == TUMOUR, size)
    targets = np.stack([liver, tumour], axis=-1).astype(np.int8)
    if not record.covers("liver"):
        targets[..., 0] = UNKNOWN
    if not record.covers("tumour"):
        targets[..., 1] = np.where(liver, UNKNOWN, 0)
    return targets


def load_samples(records: Sequence[Record], size: int) -> Samples:
    """Read the slices of records on one network grid into memory (48 KiB each at 128×128)."""
    grey = np.empty((len(records), size, size), np.uint8)
    targets = np.empty((len(records), size, size, len(CHANNELS)), np.int8)
    for index, record in enumerate(records):
        grey[index] = np.rint(to_network_grid(read_grey(record), size)).astype(np.uint8)
        targets[index] = targets_of(read_labels(record), record, size)
    windows_hu = np.array([record.window_hu for record in records], np.float32).reshape(-1, 2)
    return Samples(grey, targets, np.array([record.patient for record in records]), windows_hu)


def people_of(records: Iterable[Record]) -> tuple[str, ...]:
    """Return the patients of some records, sorted, each once."""
    return tuple(sorted({record.patient for record in records}))


def _to_grid(mask: NDArray[np.bool_], size: int) -> NDArray[np.bool_]:
    """A grid pixel belongs to the mask where at least half of what it covers does."""
    square = pad_to_square(mask).astype(np.float32)
    return np.asarray(cv2.resize(square, (size, size), interpolation=cv2.INTER_AREA)) >= 0.5


def _window(text: str | None) -> tuple[float, float]:
    if not text:
        return SOFT_TISSUE_HU
    found = WINDOW.fullmatch(text.strip())
    if not found or float(found[1]) >= float(found[2]):
        raise ValueError(f"the window {text!r} is not written like HU -160..240.")
    return float(found[1]), float(found[2])


def _spacing(text: str | None) -> tuple[float, float] | None:
    if not text:
        return None
    try:
        row, column = (float(part) for part in text.split())
    except ValueError:
        raise ValueError(f"the spacing {text!r} is not two numbers, row and column in millimetres.") from None
    if not (row > 0 and column > 0):
        raise ValueError(f"the spacing {text!r} is not positive.")
    return row, column
