from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.phantoms import card
from TumorApp.imaging.card import read_card, sha256_of, write_card
from TumorApp.imaging.errors import ModelError

MODELS = sorted(path.parent for path in (Path(__file__).parents[2] / "model").glob("*/card.json"))


def test_a_card_survives_writing(tmp_path: Path) -> None:
    written = card(
        limits=("Knows little.",), files={"a.onnx": "0"}, training={"people": ["a"]}, choices_made=("One look.",)
    )
    write_card(written, tmp_path)
    assert read_card(tmp_path) == written


def test_rules_that_a_card_does_not_name_ask_for_nothing(tmp_path: Path) -> None:
    """Cards of earlier versions go on giving what they gave."""
    write_card(card(), tmp_path)
    values = json.loads((tmp_path / "card.json").read_text())
    added = ("lesion_peak", "liver_margin_px", "smallest_liver_px", "flip_average", "calibration", "choices_made")
    (tmp_path / "card.json").write_text(json.dumps({key: values[key] for key in values if key not in added}))
    old = read_card(tmp_path)
    assert (old.lesion_peak, old.liver_margin_px, old.smallest_liver_px) == (0, None, 0)
    assert (old.flip_average, old.calibration, old.choices_made) == (False, {}, ())


def test_what_is_no_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="missing"):
        read_card(tmp_path)
    (tmp_path / "card.json").write_text("{")
    with pytest.raises(ModelError, match="not valid JSON"):
        read_card(tmp_path)
    (tmp_path / "card.json").write_text('{"name": "x"}')
    with pytest.raises(ModelError, match="not a model card"):
        read_card(tmp_path)


def test_unknown_channels_and_files_are_named() -> None:
    with pytest.raises(ModelError, match="vessel"):
        card().channel("vessel")
    with pytest.raises(ModelError, match="onnx"):
        card().file_ending(".onnx")
    assert card(files={"a.onnx": "0", "a.weights.h5": "1"}).file_ending(".onnx") == "a.onnx"


@pytest.mark.parametrize("folder", MODELS, ids=lambda folder: folder.name)
def test_every_shipped_model_is_whole_and_says_what_it_is(folder: Path) -> None:
    shipped = read_card(folder)
    assert shipped.name == folder.name
    assert {Path(name).suffix for name in shipped.files} == {".h5", ".onnx"}
    for name, sha256 in shipped.files.items():
        assert sha256_of(folder / name) == sha256
        assert (folder / name).stat().st_size < 64 * 1024**2
    assert "CC BY-SA" in shipped.training["data"]
    assert "medical device" in shipped.intended_use
    assert shipped.limits
    assert shipped.scores["tumour"]["people"] >= 4
    assert not set(shipped.training["people"]) & set(shipped.training["people_held_out"])


def test_a_model_is_shipped() -> None:
    assert "dilated_unet" in {folder.name for folder in MODELS}
