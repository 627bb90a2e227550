"""``manage.py train``, ``evaluate`` and ``export_model``, one after the other on drawn slices."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.imaging.card import read_card

pytestmark = pytest.mark.usefixtures("narrow_networks")


def test_train_evaluate_export(tmp_path: Path, settings: object) -> None:
    data, models = write_data_folder(tmp_path / "data", EIGHT), tmp_path / "models"
    models.mkdir()
    settings.MODEL_DIR = models
    plan = ["--phases", "32:32:1:1e-3", "--steps", "1", "--batch-size", "2", "--hold-out", "0.3", "--notice", "Drawn."]
    call_command("train", "--data", data, "--out", models / "mine", *plan, verbosity=0, stdout=io.StringIO())
    card = read_card(models / "mine")
    assert (card.input_size, card.training["plan"]["steps"], card.training["data"]) == (32, 1, "Drawn.")

    output = io.StringIO()
    target = tmp_path / "scores.json"
    chosen = ["--data", data, "--model", "mine", "--json", target, "--held-out"]
    call_command("evaluate", *chosen, stdout=output, stderr=io.StringIO())
    scores = json.loads(target.read_text())
    assert "Dice pooled" in output.getvalue()
    # The card's command reproduces the card's figures; only the time differs from run to run.
    assert {key: card.scores[key] for key in ("liver", "tumour", "tumour_by_slice")} == {
        key: scores[key] for key in ("liver", "tumour", "tumour_by_slice")
    }

    (models / "mine" / "mine.onnx").unlink()
    output = io.StringIO()
    call_command("export_model", "mine", stdout=output)
    assert "mine.onnx" in output.getvalue()
    again = read_card(models / "mine")
    assert again == replace(card, files=again.files)  # the exporter may order the same operations differently
    assert again.files["mine.weights.h5"] == card.files["mine.weights.h5"]


@pytest.mark.parametrize(
    "arguments", [("train", "--data", "nowhere", "--out", "nowhere-else"), ("evaluate", "--data", "nowhere")]
)
def test_a_missing_data_folder_is_named(arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match="manifest"):
        call_command(*arguments)


def test_an_unknown_model_is_named() -> None:
    with pytest.raises(CommandError, match="no model"):
        call_command("export_model", "nowhere")
