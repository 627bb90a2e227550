"""``manage.py import_weights`` and ``detect`` with what it wrote."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.learning.original import draw_layers, write_keras2
from tests.phantoms import phantom_bytes
from TumorApp.learning.networks import dilated_unet

pytestmark = pytest.mark.usefixtures("narrow_networks")


def test_import_then_detect(tmp_path: Path, settings: object) -> None:
    settings.MODEL_DIR = tmp_path / "models"
    layers = draw_layers(dilated_unet.FILTERS, dilated_unet.BOTTOM_FILTERS)
    weights = write_keras2(tmp_path / "cnn_weights.hdf5", layers)
    output = io.StringIO()
    call_command("import_weights", str(weights), "--out", str(settings.MODEL_DIR / "original"), stdout=output)
    assert "original.onnx" in output.getvalue()

    (tmp_path / "slice.png").write_bytes(phantom_bytes())
    output = io.StringIO()
    call_command("detect", str(tmp_path / "slice.png"), "--model", "original", "--json", "-", stdout=output)
    found = json.loads(output.getvalue())
    assert (found["model"], found["affected_of"], found["liver_area_px"]) == (
        "original",
        "slice",
        found["tumour_area_px"],
    )


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"nowhere\.hdf5 does not exist"):
        call_command("import_weights", str(tmp_path / "nowhere.hdf5"), "--out", str(tmp_path / "model"))
