from __future__ import annotations

import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest

from tests.phantoms import card
from TumorApp.imaging import segmentation
from TumorApp.imaging.card import read_card, write_card
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.segmentation import Segmenter, load_segmenter

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


class Answering:
    """Stands in for a loaded network: answers what a function of the input gives."""

    def __init__(self, answer: Callable[[np.ndarray], np.ndarray]) -> None:
        self.answer = answer

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="slice")]

    def run(self, outputs: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        (prepared,) = given["slice"]
        return [self.answer(prepared)[np.newaxis].astype(np.float32)]


def of_members(*values: float) -> Segmenter:
    """A segmenter of two channels whose members answer one value everywhere; the tumour's is half of the liver's."""
    row = [channel for value in values for channel in (value, value / 2)]
    session = Answering(lambda prepared: np.broadcast_to(row, (*prepared.shape[:2], len(row))))
    return Segmenter(card(members=len(values)), "0" * 64, session)


def test_members_are_averaged_before_rounding() -> None:
    answer = of_members(0.2, 0.4, 0.9).probabilities(np.zeros((8, 8, 1), np.float32))
    assert answer.shape == (2, 8, 8)
    assert (answer[0] == 128).all()  # 0.5 × 255 = 127.5, to even
    assert (answer[1] == 64).all()


def test_one_member_answers_alone() -> None:
    together = of_members(0.2, 0.4, 0.8)
    for member, value in enumerate((51, 102, 204)):
        alone = together.only(member)
        assert (alone.probabilities(np.zeros((8, 8, 1), np.float32))[0] == value).all()
        assert alone._session is together._session
    for member in (-1, 3):
        with pytest.raises(ModelError, match="no member"):
            together.only(member)


def test_flip_averaging_turns_the_answer_back() -> None:
    prepared = np.zeros((4, 4, 1), np.float32)
    prepared[:, 0] = 1
    session = Answering(lambda given: np.concatenate([given * 0.6, given * 0], axis=-1) + 0.2 * np.eye(4)[..., None])
    answer = Segmenter(card(flip_average=True), "0" * 64, session).probabilities(prepared)
    assert answer[0, :, 0].tolist() == [179, 153, 153, 179]  # 0.6, and half of 0.2 from either diagonal
    plain = Segmenter(card(), "0" * 64, session).probabilities(prepared)
    assert plain[0, :, 0].tolist() == [204, 153, 153, 153]


@pytest.mark.parametrize("changes", [{"members": 2}, {"inputs": ("grey", "equalised")}])
def test_a_twin_that_does_not_fit_its_card_is_refused(changes: dict[str, object], tmp_path: Path) -> None:
    folder = shutil.copytree(DEFAULT, tmp_path / "dilated_unet")
    write_card(replace(read_card(DEFAULT), **changes), folder)
    with pytest.raises(ModelError, match="the card says"):
        load_segmenter(folder)
