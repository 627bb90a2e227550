"""``manage.py prepare_lits``, and ``train`` after it: the two commands from a download to a model."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.learning.nifti import write_lits
from TumorApp.imaging.card import read_card


def prepare(*arguments: object) -> tuple[str, str]:
    output, told = io.StringIO(), io.StringIO()
    call_command("prepare_lits", *map(str, arguments), stdout=output, stderr=told)
    return output.getvalue(), told.getvalue()


@pytest.mark.usefixtures("narrow_networks")
@pytest.mark.parametrize(
    "network", [("dilated_unet",), ("compact_unet", "--foundation", "32:32:1:1e-3")], ids=lambda it: it[0]
)
def test_prepare_then_train(network: tuple[str, ...], tmp_path: Path) -> None:
    source = write_lits(tmp_path / "LiTS", range(4), ending=".nii.gz")
    output, told = prepare(source, tmp_path / "data", "--size", "32", "--every", "2")
    assert "4 volumes, 4 people" in output
    assert "4 of 4: volume-3" in told
    plan = ["--network", *network, "--phases", "32:32:1:1e-3", "--steps", "1", "--batch-size", "2"]
    arguments = ["--data", tmp_path / "data", "--out", tmp_path / "mine", *plan, "--hold-out", "0.3"]
    call_command("train", *arguments, verbosity=0, stdout=io.StringIO())
    training = read_card(tmp_path / "mine").training
    assert len(training["people"]) == len(training["people_held_out"]) == 2


def test_options_reach_the_conversion(tmp_path: Path) -> None:
    source = write_lits(tmp_path / "LiTS", range(2))
    (tmp_path / "people.csv").write_text("volume,patient\nvolume-0,anna\nvolume-1,anna\n")
    windows = ("--window=-160,240", "--window=0,255", "--all-windows")
    options = ("--margin", "0", "--empty", "0.5", "--seed", "7", "--people", tmp_path / "people.csv", "--trust-files")
    output, _ = prepare(source, tmp_path / "data", *windows, *options)
    assert f"Wrote 36 slices of 2 volumes, 1 people, to {tmp_path / 'data'}." in output
    with (tmp_path / "data" / "manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["window"] for row in rows} == {"HU -160..240", "HU 0..255"}
    assert {row["patient"] for row in rows} == {"anna"}
    assert sum(int(row["liver_px"]) > 0 for row in rows) == 2 * 2 * 6
    assert sum(int(row["liver_px"]) == 0 for row in rows) == 2 * 2 * 3


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "holds no volumes"),
        (("--window=240",), "written like"),
        (("--window=240,-160",), "LOW below HIGH"),
        (("--every", "0"), "N-th"),
    ],
)
def test_what_is_wrong_is_named(options: tuple[str, ...], says: str, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=says):
        prepare(tmp_path, tmp_path / "data", *options)


def test_a_missing_list_of_people_is_named(tmp_path: Path) -> None:
    source = write_lits(tmp_path / "LiTS", range(1))
    with pytest.raises(CommandError, match=r"people\.csv"):
        prepare(source, tmp_path / "data", "--people", tmp_path / "people.csv")
