"""Finds the volumes in a download of LiTS or the Medical Segmentation Decathlon, and knows what their labels mean."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from TumorApp.imaging.records import BACKGROUND, LIVER, TUMOUR
from TumorApp.learning.volumes import VolumeError, VolumeFiles

LITS_VOLUME = re.compile(r"volume-(\w+)\.nii(\.gz)?")
LITS_LABELS = re.compile(r"segmentation-(\w+)\.nii(\.gz)?")
LITS_MEANING = (BACKGROUND, LIVER, TUMOUR)
"""Bilic et al. 2023, doi:10.1016/j.media.2022.102680."""
DECATHLON = {
    "liver": ("liver+tumour", LITS_MEANING, "msd_task03_liver"),
    "hepaticvessel": ("tumour", (BACKGROUND, BACKGROUND, TUMOUR), "msd_task08_hepaticvessel"),
}
"""Task name to what its labels cover, what they mean, and the source to name (Antonelli et al. 2022,
doi:10.1038/s41467-022-30695-9). In Task08 the label 1 is vessel, and the liver around it is not outlined."""
LITS_SOURCE = "lits"
SAME_PEOPLE = {LITS_SOURCE, "msd_task03_liver"}
"""Collections that hold the same volumes under other names: Task03 is the training part of LiTS."""


def find_volumes(folder: Path) -> list[VolumeFiles]:
    """Find every volume with labels below a folder.

    LiTS is known by ``volume-N.nii`` and ``segmentation-N.nii``, wherever they lie; a task of the Decathlon by its
    folders ``imagesTr`` and ``labelsTr`` and the name in its ``dataset.json``, or else of its folder. Every file may be
    compressed (``.nii.gz``).

    Args:
        folder: With one or several of them inside.

    Returns:
        The volumes, sorted by name.

    Raises:
        VolumeError: If there is none, one lacks its labels, a name comes twice, a task is not known, or the same people
            are there twice.
    """
    found = [*_lits(folder), *_decathlon(folder)]
    if not found:
        raise VolumeError(
            f"{folder} holds no volumes with labels: neither volume-N.nii with segmentation-N.nii (LiTS) nor "
            "imagesTr with labelsTr (Medical Segmentation Decathlon)."
        )
    _check_unique((volume.name, volume.ct) for volume in found)
    if {volume.source for volume in found} >= SAME_PEOPLE:
        raise VolumeError(
            f"{folder} holds LiTS and Task03 of the Decathlon. These are the same people; give one of the two."
        )
    return sorted(found, key=_natural_order)


def read_people(path: Path) -> dict[str, str]:
    """Read which volumes are of the same person: a CSV file with the columns ``volume`` and ``patient``.

    Returns:
        Name of the volume to the person's id.

    Raises:
        VolumeError: If a column is missing, a cell is empty or a volume comes twice.
    """
    people: dict[str, str] = {}
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        if not {"volume", "patient"} <= set(reader.fieldnames or ()):
            raise VolumeError(f"{path} must have the columns volume and patient.")
        for row in reader:
            name, patient = row["volume"], row["patient"]
            if not name or not patient or name in people:
                raise VolumeError(f"{path}, line {reader.line_num}: each volume once, with a patient.")
            people[name] = patient
    return people


def check_people(people: Mapping[str, str], volumes: Iterable[VolumeFiles]) -> None:
    """Refuse a list of people that names volumes which are not there: a misspelt name would split one person.

    Raises:
        VolumeError: With the names.
    """
    unknown = sorted(set(people) - {volume.name for volume in volumes})
    if unknown:
        raise VolumeError(f"The list of people names volumes that are not there: {', '.join(unknown)}.")


def _lits(folder: Path) -> Iterator[VolumeFiles]:
    volumes, labels = _numbered(folder, LITS_VOLUME), _numbered(folder, LITS_LABELS)
    for number, path in volumes.items():
        if number not in labels:
            raise VolumeError(f"{path} has no labels: there is no segmentation-{number}.nii below {folder}.")
        yield VolumeFiles(f"volume-{number}", path, labels[number], "liver+tumour", LITS_MEANING, LITS_SOURCE)


def _numbered(folder: Path, pattern: re.Pattern[str]) -> dict[str, Path]:
    matches = [(match[1], path) for path in _volume_files(folder.rglob("*")) if (match := pattern.fullmatch(path.name))]
    _check_unique(matches)
    return dict(matches)


def _decathlon(folder: Path) -> Iterator[VolumeFiles]:
    for labels in sorted(folder.rglob("labelsTr")):
        structures, meaning, source = _task(labels.parent)
        for path in _volume_files((labels.parent / "imagesTr").glob("*")):
            if not (labels / path.name).is_file():
                raise VolumeError(f"{path} has no labels: {labels / path.name} is missing.")
            yield VolumeFiles(path.name.split(".nii")[0], path, labels / path.name, structures, meaning, source)


def _task(folder: Path) -> tuple[str, tuple[int, ...], str]:
    """Recognise a task by the name in its ``dataset.json``, or else by that of its folder, such as ``Task03_Liver``."""
    description = folder / "dataset.json"
    name = folder.name
    if description.is_file():
        try:
            name = str(json.loads(description.read_text(encoding="utf-8"))["name"])
        except (ValueError, KeyError, TypeError) as error:
            raise VolumeError(f"{description} does not name its task: {error}.") from error
    task = DECATHLON.get(re.sub(r"^task\d+_?|[^a-z]", "", name.lower()))
    if task is None:
        raise VolumeError(f"{folder} holds the task {name!r}; known are Liver (Task03) and HepaticVessel (Task08).")
    return task


def _volume_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield NIfTI files; the ``._*`` ones that macOS leaves in archives are none."""
    for path in sorted(paths):
        if path.name.endswith((".nii", ".nii.gz")) and not path.name.startswith(".") and path.is_file():
            yield path


def _check_unique(named: Iterable[tuple[str, Path]]) -> None:
    seen: dict[str, Path] = {}
    for name, path in named:
        if name in seen:
            raise VolumeError(f"{seen[name]} and {path} are both volume {name}; leave one of them out.")
        seen[name] = path


def _natural_order(volume: VolumeFiles) -> list[tuple[int, str]]:
    """Order names so that volume-10 follows volume-9."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"(\d+)", volume.name)]
