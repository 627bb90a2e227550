"""Volumes come out in the standard view, however they were stored."""

from __future__ import annotations

import math
from pathlib import Path

import nibabel
import numpy as np
import pytest

from tests.learning.nifti import HEIGHT, LEVELS, SPACING_MM, WIDTH, drawn_volume, write_nifti
from TumorApp.learning.volumes import (
    MAX_TILT_DEG,
    VolumeError,
    VolumeFiles,
    liver_on_the_right,
    open_volume,
    turn_upright,
)

HOUNSFIELD, LABELS = drawn_volume()
MIRRORED = {"hounsfield": HOUNSFIELD[:, :, ::-1], "labels": LABELS[:, :, ::-1]}


def files_of(ct: Path, labels: Path, structures: str = "liver+tumour") -> VolumeFiles:
    return VolumeFiles("volume-1", ct, labels, structures, (0, 1, 2), "lits")


def written(
    folder: Path,
    directions: str = "LPS",
    ending: str = ".nii",
    hounsfield: np.ndarray = HOUNSFIELD,
    labels: np.ndarray = LABELS,
    **options: object,
) -> VolumeFiles:
    ct = write_nifti(folder / f"volume-1{ending}", hounsfield, directions, **options)
    return files_of(ct, write_nifti(folder / f"segmentation-1{ending}", labels, directions, **options))


@pytest.mark.parametrize("ending", [".nii", ".nii.gz"])
@pytest.mark.parametrize("directions", ["LPS", "RAS", "LAS", "RPI", "SPL", "IAR", "PSR", "SRA"])
def test_every_direction_of_storage_gives_the_same_pictures(directions: str, ending: str, tmp_path: Path) -> None:
    volume = turn_upright(open_volume(written(tmp_path, directions, ending), tmp_path))
    assert (volume.levels, volume.mirrored, volume.notes) == (LEVELS, False, ())
    assert volume.spacing_mm == pytest.approx(SPACING_MM[1:])
    for level in range(LEVELS):
        np.testing.assert_array_equal(volume.hounsfield(level), HOUNSFIELD[level])
        np.testing.assert_array_equal(volume.mask(level), LABELS[level])
    assert volume.hounsfield(0).dtype == np.float32
    assert volume.mask(0).dtype == np.uint8


def test_labelled_slices_are_counted_from_the_feet(tmp_path: Path) -> None:
    volume = open_volume(written(tmp_path, "RAI"), tmp_path)
    assert np.flatnonzero(volume.outlined()).tolist() == [3, 4, 5, 6, 7, 8]


def test_stored_numbers_are_scaled_to_hounsfield_units(tmp_path: Path) -> None:
    files = written(tmp_path)
    scaled = nibabel.Nifti1Image(HOUNSFIELD.transpose(2, 1, 0) * 0.5, nibabel.load(files.ct).affine)
    scaled.set_data_dtype(np.int16)  # nibabel now chooses a slope and an intercept
    nibabel.save(scaled, files.ct)
    assert nibabel.load(files.ct).dataobj.slope not in (1, 0.5)
    np.testing.assert_allclose(open_volume(files, tmp_path).hounsfield(5), HOUNSFIELD[5] * 0.5, atol=0.05)


def test_labels_of_another_collection_are_translated(tmp_path: Path) -> None:
    files = written(tmp_path)
    vessels = VolumeFiles("hepaticvessel_001", files.ct, files.labels, "tumour", (0, 0, 2), "msd_task08_hepaticvessel")
    volume = open_volume(vessels, tmp_path)
    np.testing.assert_array_equal(volume.mask(5), np.where(LABELS[5] == 2, 2, 0))
    assert volume.outlined()[3]  # vessel alone


def test_a_small_tilt_is_tolerated(tmp_path: Path) -> None:
    volume = open_volume(written(tmp_path, tilt_deg=MAX_TILT_DEG - 1), tmp_path)
    np.testing.assert_array_equal(volume.hounsfield(5), HOUNSFIELD[5])
    assert volume.spacing_mm == pytest.approx(SPACING_MM[1:], rel=1e-5)
    with pytest.raises(VolumeError, match=r"volume-1: the volume is tilted by 16°, more than 15°"):
        open_volume(written(tmp_path, tilt_deg=MAX_TILT_DEG + 1), tmp_path)


def test_a_volume_with_the_liver_on_the_wrong_side_is_mirrored(tmp_path: Path) -> None:
    as_stored = open_volume(written(tmp_path, **MIRRORED), tmp_path)
    assert liver_on_the_right(as_stored) == 1
    volume = turn_upright(as_stored)
    assert volume.mirrored
    assert "volume-1: by its file the liver lies on the person's left" in volume.notes[0]
    assert liver_on_the_right(volume) == 0
    np.testing.assert_array_equal(volume.hounsfield(5), HOUNSFIELD[5])
    np.testing.assert_array_equal(volume.mask(5), LABELS[5])


def test_without_an_outlined_liver_nothing_is_mirrored(tmp_path: Path) -> None:
    files = written(tmp_path, **MIRRORED)
    tumour_only = open_volume(files_of(files.ct, files.labels, "tumour"), tmp_path)
    assert turn_upright(tumour_only) is tumour_only
    empty = open_volume(written(tmp_path / "empty", labels=0 * LABELS), tmp_path)
    assert math.isnan(liver_on_the_right(empty))
    assert turn_upright(empty) is empty


def test_a_file_that_says_nothing_gives_no_spacing(tmp_path: Path) -> None:
    volume = open_volume(written(tmp_path, "RAS", affine=np.eye(4)), tmp_path)
    assert volume.spacing_mm is None
    assert "does not say how the volume lies" in volume.notes[0]
    assert "no spacing" in volume.notes[1]
    np.testing.assert_array_equal(volume.hounsfield(5), HOUNSFIELD[5])


def test_labels_that_name_other_directions_are_taken_voxel_by_voxel(tmp_path: Path) -> None:
    files = written(tmp_path)
    write_nifti(files.labels, LABELS, affine=np.diag([1, 1, 1, 1]))
    volume = open_volume(files, tmp_path)
    assert "voxel by voxel" in volume.notes[0]
    np.testing.assert_array_equal(volume.mask(5), LABELS[5])


def test_labels_of_another_size_are_refused(tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match=f"volume-1: .* different sizes, {WIDTH}×{HEIGHT}×{LEVELS} and .*×11"):
        open_volume(written(tmp_path, labels=LABELS[:-1]), tmp_path)


@pytest.mark.parametrize("label", [3, 0.5, -1])
def test_an_unknown_label_is_refused(label: float, tmp_path: Path) -> None:
    labels = LABELS.astype(np.float32)
    labels[7, 20, 15] = label
    volume = open_volume(written(tmp_path, labels=labels), tmp_path)
    volume.mask(6)
    with pytest.raises(VolumeError, match=f"segmentation-1.nii: slice 7 holds the label {label:g}; labels are 0 to 2"):
        volume.mask(7)
    with pytest.raises(VolumeError, match="slice 7"):
        volume.outlined()


def test_values_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    hounsfield = HOUNSFIELD.astype(np.float32)
    hounsfield[2, 0, 0] = np.nan
    with pytest.raises(VolumeError, match=r"volume-1\.nii: slice 2 holds values that are no numbers"):
        open_volume(written(tmp_path, hounsfield=hounsfield), tmp_path).hounsfield(2)


def test_broken_files_are_named(tmp_path: Path) -> None:
    files = written(tmp_path)
    whole = files.ct.read_bytes()
    for content in (b"", b"not NIfTI at all", whole[:200], whole[: len(whole) // 2]):
        files.ct.write_bytes(content)
        with pytest.raises(VolumeError, match=r"volume-1\.nii is damaged"):
            open_volume(files, tmp_path)
    files = written(tmp_path, ending=".nii.gz")
    whole = files.ct.read_bytes()
    for content in (b"not compressed", whole[: len(whole) // 2]):
        files.ct.write_bytes(content)
        with pytest.raises(VolumeError, match=r"volume-1\.nii\.gz is damaged"):
            open_volume(files, tmp_path)


def test_what_is_no_volume_is_refused(tmp_path: Path) -> None:
    files = written(tmp_path)
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4, 2), np.int16), np.eye(4)), files.ct)
    with pytest.raises(VolumeError, match="three axes"):
        open_volume(files, tmp_path)
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 4, 4), np.complex64), np.eye(4)), files.ct)
    with pytest.raises(VolumeError, match="single numbers"):
        open_volume(files, tmp_path)
    flat = nibabel.Nifti1Image(np.zeros(LABELS.T.shape, np.int16), None)
    flat.header.set_sform(np.diag([1.0, 1.0, 0.0, 1.0]), code=1)
    nibabel.save(nibabel.Nifti1Image(flat.dataobj, None, flat.header), files.ct)
    with pytest.raises(VolumeError, match="an axis of the volume has no length"):
        open_volume(files, tmp_path)
