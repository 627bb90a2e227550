"""Downloads are recognised by their layout, and refused where they are incomplete or doubtful."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from TumorApp.learning.downloads import check_people, find_volumes, read_people
from TumorApp.learning.volumes import VolumeError


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def decathlon(folder: Path, task: str | None, name: str = "liver_1") -> Path:
    touch(folder, f"imagesTr/{name}.nii.gz", f"labelsTr/{name}.nii.gz")
    # macOS left these in the published archives; imagesTs has no labels.
    touch(folder, f"imagesTr/._{name}.nii.gz", f"labelsTr/._{name}.nii.gz", "imagesTs/liver_9.nii.gz")
    if task is not None:
        (folder / "dataset.json").write_text(json.dumps({"name": task}))
    return folder


def test_lits_is_found_wherever_its_files_lie(tmp_path: Path) -> None:
    touch(
        tmp_path,
        "a/volume-10.nii",
        "b/segmentation-10.nii",
        "volume-9.nii.gz",
        "segmentation-9.nii",
        "test-volume-1.nii",
    )
    volumes = find_volumes(tmp_path)
    assert [volume.name for volume in volumes] == ["volume-9", "volume-10"]
    assert volumes[1].ct == tmp_path / "a" / "volume-10.nii"
    assert volumes[1].labels == tmp_path / "b" / "segmentation-10.nii"
    assert (volumes[0].structures, volumes[0].meaning, volumes[0].source) == ("liver+tumour", (0, 1, 2), "lits")


@pytest.mark.parametrize(("folder", "task"), [("Task03_Liver", None), ("copy", "Liver"), ("copy", "Task03_LIVER")])
def test_task03_covers_liver_and_tumour(folder: str, task: str | None, tmp_path: Path) -> None:
    (volume,) = find_volumes(decathlon(tmp_path / folder, task))
    assert (volume.name, volume.source) == ("liver_1", "msd_task03_liver")
    assert (volume.structures, volume.meaning) == ("liver+tumour", (0, 1, 2))


@pytest.mark.parametrize(("folder", "task"), [("Task08_HepaticVessel", None), ("copy", "HepaticVessel")])
def test_task08_covers_the_tumour_alone(folder: str, task: str | None, tmp_path: Path) -> None:
    decathlon(tmp_path / folder, task, "hepaticvessel_001")
    (volume,) = find_volumes(tmp_path)
    assert (volume.structures, volume.meaning) == ("tumour", (0, 0, 2))
    assert volume.source == "msd_task08_hepaticvessel"


def test_both_tasks_may_lie_in_one_folder(tmp_path: Path) -> None:
    decathlon(tmp_path / "Task03_Liver", "Liver")
    decathlon(tmp_path / "Task08_HepaticVessel", "HepaticVessel", "hepaticvessel_001")
    assert [volume.name for volume in find_volumes(tmp_path)] == ["hepaticvessel_001", "liver_1"]


def test_the_same_people_twice_are_refused(tmp_path: Path) -> None:
    decathlon(tmp_path / "Task03_Liver", "Liver")
    touch(tmp_path, "LiTS/volume-1.nii", "LiTS/segmentation-1.nii")
    with pytest.raises(VolumeError, match="the same people"):
        find_volumes(tmp_path)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ((), "holds no volumes"),
        (("volume-1.nii",), r"volume-1\.nii has no labels"),
        (("a/volume-1.nii", "b/volume-1.nii.gz", "segmentation-1.nii"), "both volume 1"),
        (("Task03_Liver/imagesTr/liver_1.nii.gz", "Task03_Liver/labelsTr/liver_2.nii.gz"), "liver_1.*has no labels"),
        (
            ("Task09_Spleen/imagesTr/s_1.nii.gz", "Task09_Spleen/labelsTr/s_1.nii.gz"),
            "'Task09_Spleen'; known are Liver",
        ),
        (
            tuple(f"{copy}/Task03_Liver/{part}/liver_1.nii.gz" for copy in "ab" for part in ("imagesTr", "labelsTr")),
            "both volume liver_1",
        ),
    ],
)
def test_incomplete_and_unknown_downloads_are_named(names: tuple[str, ...], says: str, tmp_path: Path) -> None:
    touch(tmp_path, *names)
    with pytest.raises(VolumeError, match=says):
        find_volumes(tmp_path)


@pytest.mark.parametrize("text", ["{", "[]", "{}"])
def test_a_description_without_a_name_is_refused(text: str, tmp_path: Path) -> None:
    decathlon(tmp_path, None)
    (tmp_path / "dataset.json").write_text(text)
    with pytest.raises(VolumeError, match=r"dataset\.json does not name its task"):
        find_volumes(tmp_path)


def test_people_are_read(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_text("volume,patient\nvolume-1,anna\nvolume-2,anna\n")
    assert read_people(path) == {"volume-1": "anna", "volume-2": "anna"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("name,patient\n", "columns volume and patient"),
        ("volume,patient\nvolume-1,\n", "line 2"),
        ("volume,patient\nvolume-1\n", "line 2"),
        ("volume,patient\nvolume-1,a\nvolume-1,b\n", "line 3"),
    ],
)
def test_wrong_lists_of_people_are_named(text: str, says: str, tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_text(text)
    with pytest.raises(VolumeError, match=says):
        read_people(tmp_path / "people.csv")


def test_people_of_volumes_that_are_not_there_are_refused(tmp_path: Path) -> None:
    touch(tmp_path, "volume-1.nii", "segmentation-1.nii")
    volumes = find_volumes(tmp_path)
    check_people({"volume-1": "anna"}, volumes)
    with pytest.raises(VolumeError, match="volume-2, volume-3"):
        check_people({"volume-1": "anna", "volume-3": "berta", "volume-2": "anna"}, volumes)
