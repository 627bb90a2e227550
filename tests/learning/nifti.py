"""Small NIfTI volumes of plain geometry, stored in whatever direction a test asks for."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
from nibabel.orientations import axcodes2ornt, ornt_transform

LEVELS, HEIGHT, WIDTH = 12, 40, 48
SPACING_MM = (5.0, 0.8, 0.7)
"""Of level, row and column."""
AIR, FAT, TISSUE, LIVER, TUMOUR, BONE = -1000, -100, 50, 110, 60, 700


def drawn_volume() -> tuple[np.ndarray, np.ndarray]:
    """``(levels, H, W)`` Hounsfield units and labels in the standard view: liver left, spine at the bottom.

    Levels 3 to 8 show the liver, 5 and 6 a tumour in it.
    """
    hounsfield = np.full((LEVELS, HEIGHT, WIDTH), AIR, np.int16)
    hounsfield[:, 4:36, 4:44] = FAT
    hounsfield[:, 6:34, 6:42] = TISSUE
    hounsfield[:, 28:33, 22:27] = BONE
    hounsfield += np.arange(LEVELS, dtype=np.int16)[:, np.newaxis, np.newaxis]  # tells the levels apart
    labels = np.zeros(hounsfield.shape, np.uint8)
    labels[3:9, 8:24, 8:20] = 1
    labels[5:7, 12:18, 10:14] = 2
    hounsfield[labels == 1] = LIVER
    hounsfield[labels == 2] = TUMOUR
    return hounsfield, labels


def write_nifti(
    path: Path,
    pictures: np.ndarray,
    directions: str = "LPS",
    *,
    tilt_deg: float = 0,
    affine: np.ndarray | None = None,
) -> Path:
    """Write pictures of the standard view as a volume whose axes run in the given directions.

    ``affine`` overwrites what the file says about its directions, without moving a voxel.
    """
    level, row, column = SPACING_MM
    tilt = np.radians(tilt_deg)
    turned = np.eye(4)
    turned[1:3, 1:3] = [[np.cos(tilt), -np.sin(tilt)], [np.sin(tilt), np.cos(tilt)]]
    standard = nibabel.Nifti1Image(pictures.transpose(2, 1, 0), turned @ np.diag([-column, -row, level, 1]))
    stored = standard.as_reoriented(ornt_transform(axcodes2ornt("LPS"), axcodes2ornt(directions)))
    if affine is not None:
        stored = nibabel.Nifti1Image(np.asarray(stored.dataobj), affine)
    path.parent.mkdir(parents=True, exist_ok=True)
    nibabel.save(stored, path)
    return path


def write_lits(folder: Path, numbers: range, directions: str = "LPS", ending: str = ".nii") -> Path:
    """Write a download of LiTS with the drawn volume under several numbers."""
    hounsfield, labels = drawn_volume()
    for number in numbers:
        write_nifti(folder / "Training Batch 1" / f"volume-{number}{ending}", hounsfield, directions)
        write_nifti(folder / "Training Batch 1" / f"segmentation-{number}{ending}", labels, directions)
    return folder
