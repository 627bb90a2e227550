"""``manage.py evaluate``, as scripts call it."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.learning.folders import write_data_folder
from TumorApp.imaging.card import read_card, write_card
from TumorApp.learning.dataset import read_manifest
from TumorApp.learning.evaluation import evaluate

SHIPPED = Path(__file__).parents[2] / "model" / "dilated_unet"
ROWS = [("a1", "a", "liver+tumour"), ("a2", "a", "liver"), ("b1", "b", "liver+tumour"), ("c1", "c", "tumour")]
TIMES = ("seconds_a_slice", "seconds_a_slice_95")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_data_folder(tmp_path / "data", ROWS)


@pytest.fixture
def model(tmp_path: Path, settings: object) -> Path:
    """The shipped network under a card that holds person a out and names b as the only fold."""
    folder = tmp_path / "models" / "mine"
    shutil.copytree(SHIPPED, folder)
    card = read_card(folder)
    write_card(replace(card, training={"people_held_out": ["a"], "folds": [["b"]]}), folder)
    settings.MODEL_DIR = folder.parent
    return folder


def run(data: Path, *options: object) -> str:
    output = io.StringIO()
    call_command("evaluate", "--data", data, "--model", "mine", *options, stdout=output, stderr=io.StringIO())
    return output.getvalue()


def scores(data: Path, *options: object) -> dict[str, object]:
    return json.loads(run(data, "--json", "-", *options))


def test_a_table_is_printed_and_all_figures_go_to_the_file(data: Path, model: Path, tmp_path: Path) -> None:
    target = tmp_path / "scores.json"
    printed = run(data, "--json", target)
    assert printed.startswith("Slices: 4, people: 3.")
    assert "Dice pooled" in printed
    written = json.loads(target.read_text())
    expected = evaluate(read_manifest(data), model)
    assert {key: value for key, value in written.items() if key not in TIMES} == {
        key: value for key, value in expected.items() if key not in TIMES
    }


def test_json_can_be_printed_instead(data: Path, model: Path) -> None:
    assert scores(data)["slices"] == 4


def test_only_people_held_out(data: Path, model: Path) -> None:
    assert scores(data, "--held-out")["slices"] == 2


def test_only_people_of_the_folds(data: Path, model: Path) -> None:
    found = scores(data, "--cross-validated")
    assert (found["slices"], found["cross_validated"], len(found["folds"])) == (1, True, 1)


def test_only_some_people_and_labels(data: Path, model: Path) -> None:
    assert scores(data, "--people", "a, c")["slices"] == 3
    assert scores(data, "--people", "a", "--labels", "liver")["slices"] == 1


def test_a_change_reaches_the_network(data: Path, model: Path) -> None:
    plain, mirrored = scores(data, "--people", "b"), scores(data, "--people", "b", "--change", "mirrored")
    assert mirrored["change"] == "mirrored"
    assert plain["liver"] != mirrored["liver"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--people", "a,x,y"), "Nothing to score of x, y"),
        (("--held-out", "--labels", "tumour"), "No slice is left"),
        (("--held-out", "--cross-validated"), "not allowed with"),
        (("--change", "upside-down"), "invalid choice"),
    ],
)
def test_what_cannot_be_scored_is_named(data: Path, model: Path, options: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        run(data, *options)


def test_a_model_without_folds_cannot_be_cross_validated(data: Path, model: Path) -> None:
    write_card(replace(read_card(model), training={"people_held_out": []}), model)
    with pytest.raises(CommandError, match="names 0 folds"):
        run(data, "--cross-validated")
    with pytest.raises(CommandError, match="holds out"):
        run(data, "--held-out")


def test_a_missing_data_folder_is_named(model: Path) -> None:
    with pytest.raises(CommandError, match="manifest"):
        run(Path("nowhere"))


def test_an_unknown_model_is_named(data: Path) -> None:
    with pytest.raises(CommandError, match="no model"):
        call_command("evaluate", "--data", data, "--model", "nowhere", stderr=io.StringIO())


def test_the_card_takes_the_figures_of_unseen_people_alone(data: Path, model: Path) -> None:
    printed = run(data, "--write-card")
    assert printed.startswith("Slices: 1, people: 1, each person by the member")
    assert read_card(model).scores["people"] == 1
    with pytest.raises(CommandError, match="never saw"):
        run(data, "--write-card", "--people", "a")
