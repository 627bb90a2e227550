"""NIfTI volumes read slice by slice in the standard view: spine at the bottom, the liver on the picture's left.

A volume stays on the disk: its file, unpacked first where it is compressed, is mapped into memory for one slice at a
time.
"""

from __future__ import annotations

import gzip
import math
import shutil
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

import nibabel
import numpy as np
from nibabel.filebasedimages import ImageFileError
from nibabel.orientations import io_orientation
from nibabel.spatialimages import HeaderDataError
from numpy.typing import NDArray

from TumorApp.imaging.records import Float32, Uint8

MAX_TILT_DEG = 15.0
"""Largest angle between an axis of the voxel grid and the axis of the body that it is taken for. Chosen: at 15° the
two ends of a liver of 200 mm lie 50 mm apart in height, and beyond that a slice can no longer be called axial."""
SOFT_TISSUE_HU = 0.0
"""Fat lies below this, muscle and organs above."""
WRONG_SIDE = 0.5
"""Share of the outlined liver on the picture's right half of the body from which a volume is taken to be mirrored.
Chosen: of the 123 series of slices that the project was developed with none has more than 0.32."""
SIDE_SLICES = 9
"""Slices that are looked at to tell the side of the liver."""
RIGHT_LEFT, ANTERIOR_POSTERIOR, FOOT_HEAD = 0, 1, 2


class VolumeError(Exception):
    """A volume cannot be used as it is; the message names it and says why."""


@dataclass(frozen=True, slots=True)
class VolumeFiles:
    """Where one volume lies, and what its labels mean.

    Attributes:
        name: Of the volume; slices are named after it.
        ct: NIfTI file of the CT volume in Hounsfield units.
        labels: NIfTI file of its labels, voxel for voxel.
        structures: What the labels cover, as in a manifest: ``liver+tumour`` or ``tumour``.
        meaning: Value of a mask (0, 1, 2) for each value of the label file, counted from 0.
        source: Name of the collection, for the manifest.
    """

    name: str
    ct: Path
    labels: Path
    structures: str
    meaning: tuple[int, ...]
    source: str


@dataclass(frozen=True, slots=True)
class View:
    """How a voxel grid is turned into pictures.

    Attributes:
        rows: Axis of the grid along which the picture's rows follow each other, from front to back of the body.
        columns: Axis along which its columns follow each other, from the person's right to the left.
        levels: Axis along which slices follow each other, from the feet upwards.
        reversed_axes: Axes of the grid that run the other way.
        spacing_mm: ``(row, column)`` distance in millimetres.
    """

    rows: int
    columns: int
    levels: int
    reversed_axes: frozenset[int]
    spacing_mm: tuple[float, float]

    def turn(self, grid: NDArray[np.generic], level: int) -> NDArray[np.generic]:
        """Return one slice of a grid of three axes as a picture ``(H, W)``; ``level`` is counted from the feet."""
        index: list[int | slice] = [slice(None, None, -1 if axis in self.reversed_axes else 1) for axis in range(3)]
        index[self.levels] = -1 - level if self.levels in self.reversed_axes else level
        picture = grid[tuple(index)]
        return picture if self.rows < self.columns else picture.T


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """An open volume.

    Attributes:
        files: Where it lies.
        view: How its pictures are made.
        levels: Number of slices.
        spacing_mm: ``(row, column)`` in millimetres; None where the file does not say.
        notes: Sentences about what was doubtful in the files.
        mirrored: Whether pictures are turned left to right, against what the file says.
    """

    files: VolumeFiles
    view: View
    levels: int
    spacing_mm: tuple[float, float] | None
    notes: tuple[str, ...]
    mirrored: bool
    _ct: _Grid
    _labels: _Grid

    def hounsfield(self, level: int) -> Float32:
        """Return one slice as ``(H, W) float32`` in Hounsfield units.

        Raises:
            VolumeError: If it holds values that are no numbers.
        """
        values = self._picture(self._ct, level)
        if not np.isfinite(values).all():
            raise VolumeError(f"{self.files.ct}: slice {level} holds values that are no numbers.")
        return values

    def mask(self, level: int) -> Uint8:
        """Return the labels of one slice: ``(H, W) uint8``, 0 background, 1 liver, 2 tumour.

        Raises:
            VolumeError: If the file holds other values than its collection defines.
        """
        return np.array(self.files.meaning, np.uint8)[self._labels_of(level)]

    def outlined(self) -> NDArray[np.bool_]:
        """Return for each slice, from the feet upwards, whether anything is labelled in it: ``(levels,) bool``.

        Structures that the project does not use count as well: where vessels of the liver are, the liver is.

        Raises:
            VolumeError: As ``mask`` does, whichever slice it is.
        """
        return np.array([self._labels_of(level).any() for level in range(self.levels)])

    def _labels_of(self, level: int) -> NDArray[np.intp]:
        """Return the values of the label file in one slice, ``(H, W)``."""
        values = self._picture(self._labels, level)
        known = np.isin(values, range(len(self.files.meaning)))
        if not known.all():
            wrong = float(values[~known].flat[0])
            last = len(self.files.meaning) - 1
            raise VolumeError(f"{self.files.labels}: slice {level} holds the label {wrong:g}; labels are 0 to {last}.")
        return values.astype(np.intp)

    def _picture(self, grid: _Grid, level: int) -> Float32:
        picture = grid.picture(self.view, level)
        return np.ascontiguousarray(picture[:, ::-1] if self.mirrored else picture)


@dataclass(frozen=True, slots=True, eq=False)
class _Grid:
    """The voxels of one file, not yet read, and what turns the stored numbers into values."""

    shape: tuple[int, ...]
    affine: NDArray[np.float64]
    is_placed: bool
    _stored: nibabel.arrayproxy.ArrayProxy

    def picture(self, view: View, level: int) -> Float32:
        """Return the values of one slice, ``(H, W) float32``; the file is mapped for as long as that takes."""
        raw = view.turn(self._stored.get_unscaled(), level).astype(np.float32)
        return raw * np.float32(self._stored.slope) + np.float32(self._stored.inter)


def open_volume(files: VolumeFiles, work: Path) -> Volume:
    """Open a volume and its labels without reading their voxels.

    The labels are taken voxel by voxel: their own orientation is not used, for in published collections it does not
    always agree with that of the volume. A note says so where it differs.

    Args:
        files: Of the volume.
        work: Folder for unpacked copies of compressed files, which must stay as long as the volume is used.

    Returns:
        The volume as its file describes it.

    Raises:
        VolumeError: If a file is broken, the two do not fit each other, or the slices are not axial.
    """
    ct, labels = _open_grid(files.ct, work / "ct.nii"), _open_grid(files.labels, work / "labels.nii")
    if ct.shape != labels.shape:
        shapes = " and ".join("×".join(map(str, grid.shape)) for grid in (ct, labels))
        raise VolumeError(f"{files.name}: the volume and its labels have different sizes, {shapes}.")
    view = _standard_view(ct.affine, files.name)
    spacing_mm: tuple[float, float] | None = view.spacing_mm
    notes = []
    if not ct.is_placed:
        notes.append(f"{files.name}: the file does not say how the volume lies in the body; look at its slices.")
        if set(view.spacing_mm) == {1.0}:
            spacing_mm = None
            notes.append(f"{files.name}: the file does not say how large the voxels are; no spacing is kept.")
    elif not np.array_equal(io_orientation(ct.affine), io_orientation(labels.affine)):
        notes.append(f"{files.name}: the labels name other directions than the volume; they are taken voxel by voxel.")
    levels = ct.shape[view.levels]
    return Volume(files, view, levels, spacing_mm, tuple(notes), False, ct, labels)


def turn_upright(volume: Volume) -> Volume:
    """Return a volume whose liver lies on the picture's left, mirrored against its file where it has to be.

    Only where the liver is outlined is there anything to tell it by; other volumes are returned as they are.
    """
    covers_liver = "liver" in volume.files.structures.split("+")
    if not covers_liver or not liver_on_the_right(volume) > WRONG_SIDE:
        return volume
    note = f"{volume.files.name}: by its file the liver lies on the person's left; its slices are mirrored."
    return replace(volume, mirrored=not volume.mirrored, notes=(*volume.notes, note))


def liver_on_the_right(volume: Volume) -> float:
    """Return the share of the outlined liver, 0..1, that lies in the picture's right half of the body.

    The halves are those of the soft tissue in the slice. A few slices are looked at, spread over the liver; nan where
    there is no liver.
    """
    outlined = np.flatnonzero(volume.outlined())
    looked_at = (
        outlined[np.linspace(0, max(0, len(outlined) - 1), SIDE_SLICES, dtype=int)] if len(outlined) else outlined
    )
    right = total = 0
    for level in sorted(set(looked_at.tolist())):
        tissue = np.nonzero(volume.hounsfield(level) > SOFT_TISSUE_HU)[1]
        liver = np.nonzero(volume.mask(level))[1]
        if len(tissue):
            right += int(np.count_nonzero(liver > np.median(tissue)))
            total += len(liver)
    return right / total if total else math.nan


def _open_grid(path: Path, unpacked: Path) -> _Grid:
    if path.suffix == ".gz":
        _unpack(path, unpacked)
    try:
        image = nibabel.load(unpacked if path.suffix == ".gz" else path)
        if not isinstance(image, nibabel.Nifti1Image):
            raise VolumeError(f"{path} is not a NIfTI volume.")
        if len(image.shape) != 3 or image.get_data_dtype().kind not in "iuf" or not all(image.shape):
            raise VolumeError(f"{path} is not a grid of single numbers on three axes.")
        image.dataobj.get_unscaled()  # a file that is too short fails here
    except (ImageFileError, HeaderDataError, ValueError, EOFError, OSError) as error:
        # nibabel reports damage by any of these, depending on where in the file it lies.
        raise VolumeError(f"{path} is damaged or not a NIfTI file: {error}.") from error
    if image.affine is None or not np.isfinite(image.affine).all():
        raise VolumeError(f"{path} does not say how it lies in the body.")
    has_form = int(image.header["sform_code"]) > 0 or int(image.header["qform_code"]) > 0
    # LiTS volumes 28 to 47 came with the identity: github.com/PatrickChrist/LITS-CHALLENGE, issue 14.
    is_placed = has_form and not np.array_equal(image.affine, np.eye(4))
    return _Grid(image.shape, np.asarray(image.affine, np.float64), is_placed, image.dataobj)


def _unpack(path: Path, unpacked: Path) -> None:
    try:
        with gzip.open(path) as packed, unpacked.open("wb") as file:
            shutil.copyfileobj(packed, file, 2**20)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise VolumeError(f"{path} is damaged or incomplete: {error}.") from error


def _standard_view(affine: NDArray[np.float64], name: str) -> View:
    """Find the axes of the grid that run along those of the body; NIfTI's world is right, anterior, superior."""
    lengths = np.linalg.norm(affine[:3, :3], axis=0)
    if not lengths.all():
        raise VolumeError(f"{name}: an axis of the volume has no length.")
    orientation = io_orientation(affine)
    if np.isnan(orientation).any():
        raise VolumeError(f"{name}: two axes of the volume run in the same direction.")
    axis_along = {int(world): axis for axis, (world, _) in enumerate(orientation)}
    for world, axis in axis_along.items():
        tilt = math.degrees(math.acos(min(1.0, abs(affine[world, axis]) / lengths[axis])))
        if tilt > MAX_TILT_DEG:
            raise VolumeError(f"{name}: the volume is tilted by {tilt:.0f}°, more than {MAX_TILT_DEG:.0f}°.")
    wanted = {RIGHT_LEFT: -1, ANTERIOR_POSTERIOR: -1, FOOT_HEAD: 1}
    return View(
        rows=axis_along[ANTERIOR_POSTERIOR],
        columns=axis_along[RIGHT_LEFT],
        levels=axis_along[FOOT_HEAD],
        reversed_axes=frozenset(axis for world, axis in axis_along.items() if orientation[axis, 1] != wanted[world]),
        spacing_mm=(float(lengths[axis_along[ANTERIOR_POSTERIOR]]), float(lengths[axis_along[RIGHT_LEFT]])),
    )
