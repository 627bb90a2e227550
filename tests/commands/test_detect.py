"""``manage.py detect``, as scripts call it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from PIL import Image

from tests.imaging.test_findings import KEYS
from tests.phantoms import card, encoded, phantom_bytes
from TumorApp.imaging.segmentation import Segmenter
from TumorApp.management.commands import detect as detect_command


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    folder = tmp_path / "slices"
    folder.mkdir()
    (folder / "b.png").write_bytes(phantom_bytes(1))
    (folder / "a.jpg").write_bytes(encoded(Image.open(io.BytesIO(phantom_bytes(0))), "JPEG"))
    (folder / "notes.txt").write_text("not a slice")
    return folder


def detect(*paths: Path, **options: Any) -> str:
    output = io.StringIO()
    call_command("detect", *(str(path) for path in paths), stdout=output, stderr=io.StringIO(), **options)
    return output.getvalue()


def test_a_folder_gives_one_object_a_line_in_order_of_names(slices: Path) -> None:
    lines = [json.loads(line) for line in detect(slices, json="-").splitlines()]
    assert [Path(line["file"]).name for line in lines] == ["a.jpg", "b.png"]
    assert all(set(line) == KEYS for line in lines)


def test_json_goes_to_a_file_and_sentences_to_the_screen(slices: Path, tmp_path: Path) -> None:
    screen = detect(slices, json=str(tmp_path / "findings.jsonl"))
    assert len((tmp_path / "findings.jsonl").read_text().splitlines()) == 2
    assert len(screen.splitlines()) == 2
    assert "b.png: " in screen


def test_figures_and_masks_are_named_after_the_stem(slices: Path, tmp_path: Path) -> None:
    detect(slices, out=tmp_path / "figures", masks=tmp_path / "masks" / "deep")
    assert sorted(path.name for path in (tmp_path / "figures").iterdir()) == ["a.png", "b.png"]
    mask = np.asarray(Image.open(tmp_path / "masks" / "deep" / "b.png"))
    assert mask.shape == (256, 256)
    assert mask.dtype == np.uint8
    assert set(np.unique(mask)) <= {0, 1, 2}


def test_a_refused_file_does_not_stop_the_others_and_sets_the_status(slices: Path, tmp_path: Path) -> None:
    (slices / "aa.png").write_bytes(b"broken")
    target = tmp_path / "findings.jsonl"
    with pytest.raises(SystemExit) as ended:
        detect(slices, json=str(target))
    assert ended.value.code == 1
    first, refused, last = (json.loads(line) for line in target.read_text().splitlines())
    assert refused["error"]["code"] == "not_a_picture"
    assert Path(refused["file"]).name == "aa.png"
    assert set(first) == set(last) == KEYS


def test_two_inputs_of_one_stem_are_an_error_before_anything_runs(slices: Path, tmp_path: Path) -> None:
    (slices / "a.png").write_bytes(phantom_bytes(2))
    with pytest.raises(CommandError, match="same file"):
        detect(slices, masks=tmp_path / "masks")
    assert not (tmp_path / "masks").exists()
    assert len(detect(slices, json="-").splitlines()) == 3  # nothing is written, so nothing collides


def test_missing_paths_empty_folders_and_unknown_models_are_named(slices: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="does not exist"):
        detect(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(CommandError, match="no PNG or JPEG"):
        detect(tmp_path / "empty")
    with pytest.raises(CommandError, match="no model"):
        detect(slices, model="nowhere")


def test_an_unreadable_file_is_refused_like_any_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "slice.png"
    path.write_bytes(phantom_bytes())

    def denied(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", denied)
    output = io.StringIO()
    with pytest.raises(SystemExit):
        call_command("detect", str(path), json="-", stdout=output, stderr=io.StringIO())
    assert json.loads(output.getvalue())["error"]["code"] == "unreadable_file"


def test_a_network_that_knows_no_liver_does_not_miss_it(slices: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the original's own network, which has one channel."""

    class Nothing:
        def get_inputs(self) -> list[SimpleNamespace]:
            return [SimpleNamespace(name="slice")]

        def run(self, outputs: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
            return [np.zeros((1, 128, 128, 1), np.float32)]

    lone = Segmenter(card(channels=("tumour",), thresholds={"tumour": 0.5}), "0" * 64, Nothing())
    monkeypatch.setattr(detect_command, "load_segmenter", lambda folder: lone)
    assert detect(slices / "b.png") == f"{slices / 'b.png'}: no tumour found\n"
