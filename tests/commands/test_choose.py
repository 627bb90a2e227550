"""``manage.py choose`` with the shipped network on drawn slices."""

from __future__ import annotations

import io
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from pytest_django import Settings

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.imaging.card import ModelCard, read_card, write_card

SHIPPED = Path(__file__).parents[2] / "model" / "dilated_unet"


@pytest.fixture
def model(tmp_path: Path, settings: Settings) -> Path:
    """A copy of the shipped network whose card holds the drawn people out."""
    settings.MODEL_DIR = tmp_path / "models"
    folder = settings.MODEL_DIR / "mine"
    folder.mkdir(parents=True)
    shipped = read_card(SHIPPED)
    twin = shipped.file_ending(".onnx")
    shutil.copy(SHIPPED / twin, folder)
    people = sorted({patient for _, patient, _ in EIGHT})
    card = replace(shipped, name="mine", files={twin: shipped.files[twin]}, training={"people_held_out": people})
    write_card(card, folder)
    return folder


def choose(model: Path, *options: object) -> dict[str, object]:
    data = model.parent.parent / "data"
    if not data.exists():
        write_data_folder(data, EIGHT)
    output = io.StringIO()
    call_command("choose", "--data", data, "--model", "mine", *options, stdout=output, stderr=io.StringIO())
    return json.loads(output.getvalue())


def test_the_choice_is_written_into_the_card(model: Path, tmp_path: Path) -> None:
    report = choose(model, "--json", tmp_path / "report.json", "--flip-average")
    assert report == json.loads((tmp_path / "report.json").read_text())
    assert (report["slices"], report["people"]) == (8, 4)
    chosen = read_card(model)
    assert chosen.thresholds["tumour"] == report["chosen"]["tumour"]["threshold"]
    assert chosen.smallest_lesion_px == report["chosen"]["tumour"]["smallest_px"]
    assert chosen.flip_average
    assert chosen.scores == {}
    assert len(chosen.choices_made) == 1


def test_a_trial_leaves_the_card_alone(model: Path) -> None:
    before: ModelCard = read_card(model)
    report = choose(model, "--keep-card")
    assert report["figures_cross_fitted"]["liver"]["dice_pooled"] > 0.8
    assert read_card(model) == before


def test_a_model_whose_card_holds_nobody_out_is_named(model: Path) -> None:
    write_card(replace(read_card(model), training={}), model)
    with pytest.raises(CommandError, match="mine names"):
        choose(model)
