from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from TumorApp.imaging import segmentation
from TumorApp.imaging.card import read_card, write_card
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.segmentation import load_segmenter

DEFAULT = Path(__file__).parents[2] / "model" / "dilated_unet"


def test_probabilities_have_the_documented_shape() -> None:
    segmenter = load_segmenter(DEFAULT)
    answer = segmenter.probabilities(prepare(draw_phantom().grey.astype(np.float32), segmenter.card))
    assert answer.shape == (2, 128, 128)
    assert answer.dtype == np.uint8


def test_simultaneous_first_calls_load_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = shutil.copytree(DEFAULT, tmp_path / "dilated_unet")
    loads = []
    whole = onnxruntime.InferenceSession

    def counted(*args: object, **options: object) -> onnxruntime.InferenceSession:
        loads.append(1)
        return whole(*args, **options)

    monkeypatch.setattr(segmentation.onnxruntime, "InferenceSession", counted)
    with ThreadPoolExecutor(8) as pool:
        loaded = list(pool.map(load_segmenter, [folder] * 8))
    assert len(loads) == 1
    assert len({id(segmenter) for segmenter in loaded}) == 1


def test_altered_weights_are_refused(tmp_path: Path) -> None:
    folder = shutil.copytree(DEFAULT, tmp_path / "dilated_unet")
    with (folder / read_card(folder).file_ending(".onnx")).open("ab") as file:
        file.write(b"\0")
    with pytest.raises(ModelError, match="not those"):
        load_segmenter(folder)


def test_missing_weights_name_the_way_out(tmp_path: Path) -> None:
    write_card(read_card(DEFAULT), tmp_path)
    with pytest.raises(ModelError, match="export_model"):
        load_segmenter(tmp_path)


def test_weights_that_are_no_network_are_the_owners_error(tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"no network")
    files = {"broken.onnx": segmentation.sha256_of(tmp_path / "broken.onnx")}
    write_card(replace(read_card(DEFAULT), files=files), tmp_path)
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_segmenter(tmp_path)
