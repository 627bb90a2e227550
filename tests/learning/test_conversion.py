"""From volumes to a data folder that training reads."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.learning.nifti import HEIGHT, LEVELS, WIDTH, drawn_volume, write_lits, write_nifti
from TumorApp.learning.conversion import Selection, choose_levels, convert, reduce, reduce_mask
from TumorApp.learning.dataset import load_samples, read_grey, read_labels, read_manifest
from TumorApp.learning.downloads import find_volumes
from TumorApp.learning.volumes import VolumeError

ALL = Selection(margin=LEVELS)
WIDE_AND_NARROW = ((-160.0, 240.0), (-40.0, 160.0))


def converted(source: Path, out: Path, selection: Selection = ALL, people: dict[str, str] | None = None) -> list[str]:
    told: list[str] = []
    convert(find_volumes(source), out, selection, people or {}, told.append)
    return told


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def pixels_of(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lits(tmp_path_factory.mktemp("lits"), range(2), "RAS", ".nii.gz")


def test_windows_by_hand(source: Path, tmp_path: Path) -> None:
    converted(source, tmp_path / "data", Selection(WIDE_AND_NARROW, all_windows=True))
    wide = pixels_of(tmp_path / "data" / "images" / "volume-0_005_w1.png")
    narrow = pixels_of(tmp_path / "data" / "images" / "volume-0_005_w2.png")
    # air, liver of 110 HU, tumour of 60 HU, bone: (HU - low) * 255 / (high - low), cut to 0..255 and rounded
    assert [int(wide[at]) for at in ((0, 0), (8, 8), (12, 10), (30, 24))] == [0, 172, 140, 255]
    assert [int(narrow[at]) for at in ((0, 0), (8, 8), (12, 10), (30, 24))] == [0, 191, 128, 255]
    assert wide.dtype == np.uint8
    assert wide.shape == (HEIGHT, WIDTH)


def test_the_manifest_says_what_is_there(source: Path, tmp_path: Path) -> None:
    told = converted(source, tmp_path / "data", ALL, {"volume-1": "anna"})
    rows = rows_of(tmp_path / "data")
    assert len(rows) == 2 * LEVELS
    assert rows[5] == {
        "name": "volume-0_005",
        "patient": "volume-0",
        "labels": "liver+tumour",
        "window": "HU -160..240",
        "spacing_mm": "0.8 0.7",
        "source": "lits",
        "liver_px": str(16 * 12),
        "tumour_px": str(6 * 4),
    }
    assert rows[0]["liver_px"] == rows[0]["tumour_px"] == "0"
    assert {row["patient"] for row in rows} == {"volume-0", "anna"}
    assert told == ["1 of 2: volume-0, 12 slices", "2 of 2: volume-1, 12 slices"]


def test_the_folder_is_one_that_training_reads(source: Path, tmp_path: Path) -> None:
    converted(source, tmp_path / "data")
    records = read_manifest(tmp_path / "data")
    assert records[5].spacing_mm == (0.8, 0.7)
    assert records[5].window_hu == (-160, 240)
    np.testing.assert_array_equal(read_labels(records[5]), drawn_volume()[1][5])
    assert read_grey(records[5])[8, 8] == 172
    samples = load_samples(records, 48)
    assert samples.grey.shape == (2 * LEVELS, 48, 48)
    assert int((samples.targets[5, ..., 0] == 1).sum()) == 16 * 12


def test_vessels_are_no_tumours_and_the_liver_is_unknown(tmp_path: Path) -> None:
    hounsfield, labels = drawn_volume()
    task = tmp_path / "Task08_HepaticVessel"
    write_nifti(task / "imagesTr" / "hepaticvessel_001.nii.gz", hounsfield)
    write_nifti(task / "labelsTr" / "hepaticvessel_001.nii.gz", labels)
    converted(tmp_path, tmp_path / "data")
    row = rows_of(tmp_path / "data")[5]
    assert (row["labels"], row["liver_px"], row["tumour_px"]) == ("tumour", "", "24")
    mask = pixels_of(tmp_path / "data" / "masks" / "hepaticvessel_001_005.png")
    np.testing.assert_array_equal(mask, np.where(labels[5] == 2, 2, 0))


def test_reduced_slices_are_averages_and_their_spacing_grows(source: Path, tmp_path: Path) -> None:
    converted(source, tmp_path / "data", Selection(margin=LEVELS, size=32))
    row = rows_of(tmp_path / "data")[5]
    assert row["spacing_mm"] == "1.2 1.05"  # 48 of 0.8 × 0.7 mm become 32
    assert pixels_of(tmp_path / "data" / "images" / "volume-0_005.png").shape == (32, 32)
    assert int(row["liver_px"]) == np.count_nonzero(pixels_of(tmp_path / "data" / "masks" / "volume-0_005.png"))
    assert float(row["liver_px"]) * 1.2 * 1.05 == pytest.approx(16 * 12 * 0.8 * 0.7, rel=0.15)


def test_reduction_by_hand() -> None:
    np.testing.assert_array_equal(reduce(np.float32([[0, 4], [8, 20]]), 1), [[8]])
    np.testing.assert_array_equal(reduce(np.float32([[8, 8, 4, 0], [8, 8, 0, 0]]), 2), [[8, 1], [0, 0]])
    mask = np.uint8([[2, 2, 1, 0], [1, 1, 0, 0], [1, 2, 0, 1], [2, 2, 0, 1]])
    np.testing.assert_array_equal(reduce_mask(mask, 2), [[2, 0], [2, 1]])
    np.testing.assert_array_equal(reduce_mask(mask, None), mask)


def test_slices_are_never_enlarged(source: Path, tmp_path: Path) -> None:
    with pytest.raises(VolumeError, match="volume-0 has slices of 40×48; they are not enlarged to 64"):
        converted(source, tmp_path / "data", Selection(size=64))


def test_volumes_too_small_to_read_are_refused(tmp_path: Path) -> None:
    hounsfield, labels = drawn_volume()
    write_nifti(tmp_path / "in" / "volume-0.nii", hounsfield[:, :30])
    write_nifti(tmp_path / "in" / "segmentation-0.nii", labels[:, :30])
    with pytest.raises(VolumeError, match="volume-0 has slices of 30×48, less than 32"):
        converted(tmp_path / "in", tmp_path / "data")


def levels(outlined: str, **values: object) -> list[int]:
    flags = np.array([flag == "x" for flag in outlined])
    return choose_levels(flags, Selection(**values), np.random.default_rng(0))


def test_slices_are_chosen_by_distance_from_the_labelled_ones() -> None:
    assert levels("....xx......x", margin=0, empty_share=0) == [4, 5, 12]
    assert levels("....xx......x", margin=2, empty_share=0) == [2, 3, 4, 5, 6, 7, 10, 11, 12]
    assert levels("....xx......x", margin=2, empty_share=1) == list(range(13))
    assert levels("....xx......x", margin=2, empty_share=0, every=3) == [3, 6, 12]
    assert levels("....", margin=2, empty_share=0) == []
    chosen = levels("." * 100, margin=2, empty_share=0.3)
    assert len(chosen) == len(set(chosen)) == 30


def test_a_seed_chooses_the_same_and_another_something_else(source: Path, tmp_path: Path) -> None:
    names = []
    for number, seed in enumerate((1, 1, 2)):
        selection = Selection(WIDE_AND_NARROW, margin=0, empty_share=0.5, seed=seed)
        converted(source, tmp_path / str(number), selection)
        names.append([(row["name"], row["window"]) for row in rows_of(tmp_path / str(number))])
    assert names[0] == names[1] != names[2]
    assert {window for _, window in names[0]} == {"HU -160..240", "HU -40..160"}


def test_what_is_drawn_from_a_volume_does_not_depend_on_the_others(source: Path, tmp_path: Path) -> None:
    selection = Selection(WIDE_AND_NARROW, margin=0, empty_share=0.5)
    converted(source, tmp_path / "both", selection)
    convert(find_volumes(source)[1:], tmp_path / "one", selection, {})
    assert rows_of(tmp_path / "one") == [row for row in rows_of(tmp_path / "both") if row["patient"] == "volume-1"]


def test_a_mirrored_volume_is_turned_and_told_unless_its_file_is_trusted(tmp_path: Path) -> None:
    hounsfield, labels = drawn_volume()
    write_nifti(tmp_path / "in" / "volume-28.nii", hounsfield[:, :, ::-1], "RAS", affine=np.eye(4))
    write_nifti(tmp_path / "in" / "segmentation-28.nii", labels[:, :, ::-1], "RAS", affine=np.eye(4))
    told = converted(tmp_path / "in", tmp_path / "turned")
    assert sum("volume-28" in sentence for sentence in told) == 4
    np.testing.assert_array_equal(pixels_of(tmp_path / "turned" / "masks" / "volume-28_005.png"), labels[5])
    assert rows_of(tmp_path / "turned")[0]["spacing_mm"] == ""
    converted(tmp_path / "in", tmp_path / "trusted", Selection(margin=LEVELS, trust_files=True))
    kept = pixels_of(tmp_path / "trusted" / "masks" / "volume-28_005.png")
    np.testing.assert_array_equal(kept, labels[5][:, ::-1])


def test_a_failure_leaves_nothing_behind_and_names_the_volume(tmp_path: Path) -> None:
    write_lits(tmp_path / "in", range(2))
    broken = tmp_path / "in" / "Training Batch 1" / "volume-1.nii"
    broken.write_bytes(broken.read_bytes()[:1000])
    with pytest.raises(VolumeError, match=r"volume-1\.nii"):
        converted(tmp_path / "in", tmp_path / "data")
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_nothing_is_overwritten(source: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    converted(source, tmp_path / "empty")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(VolumeError, match="not empty"):
        converted(source, tmp_path / "empty")
    with pytest.raises(VolumeError, match="not empty"):
        converted(source, tmp_path / "empty" / "manifest.csv")
    assert sorted(tmp_path.rglob("*")) == before


def test_a_selection_that_takes_nothing_is_refused(tmp_path: Path) -> None:
    hounsfield, labels = drawn_volume()
    write_nifti(tmp_path / "in" / "volume-0.nii", hounsfield)
    write_nifti(tmp_path / "in" / "segmentation-0.nii", 0 * labels)
    with pytest.raises(VolumeError, match="No slice"):
        converted(tmp_path / "in", tmp_path / "data", Selection(empty_share=0))
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


@pytest.mark.parametrize(
    "values",
    [
        {"windows": ((240.0, -160.0),)},
        {"windows": ()},
        {"windows": ((0.0, 1.0), (0.0, 1.0))},
        {"every": 0},
        {"margin": -1},
        {"empty_share": 1.1},
        {"size": 16},
    ],
)
def test_values_that_make_no_sense_are_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"window|from|pixels"):
        Selection(**values)
