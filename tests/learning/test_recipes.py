"""The original's training in small: its own split, its own figures, and a card that says what they are worth."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.learning.folders import EIGHT, write_data_folder
from tests.phantoms import phantom_bytes
from TumorApp.imaging.card import read_card
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning import recipes
from TumorApp.learning.dataset import DataFolderError, read_grey, read_labels, read_manifest
from TumorApp.learning.recipes import load_pairs, split_by_slice, train_original

pytestmark = pytest.mark.usefixtures("narrow_networks")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_folder(tmp_path_factory.mktemp("folder") / "data", EIGHT)


def test_the_recipe_is_the_originals() -> None:
    assert (recipes.BATCH_SIZE, recipes.EPOCHS, recipes.LEARNING_RATE, recipes.SEED) == (64, 20, 1e-4, 2018)


def test_a_tenth_is_set_aside_and_the_rest_split_four_to_one() -> None:
    training, validation, aside = split_by_slice(100)
    assert (len(training), len(validation), len(aside)) == (72, 18, 10)
    assert sorted(np.concatenate([training, validation, aside])) == list(range(100))
    np.testing.assert_array_equal(training, split_by_slice(100)[0])


def test_masks_outline_the_structure_and_slices_are_prepared_as_for_detection(data: Path) -> None:
    records = read_manifest(data)[:2]
    liver, tumour = load_pairs(records, "liver"), load_pairs(records, "tumour")
    assert liver.slices.shape == liver.masks.shape == (2, 128, 128, 1)
    assert set(np.unique(liver.masks)) == {0, 1}
    assert tumour.masks.sum() < liver.masks.sum()
    labels = read_labels(records[0])
    share = (labels >= 1).mean()
    assert liver.masks[0].mean() == pytest.approx(share, rel=0.03)
    assert (labels == 2).any()
    card = recipes._card("x", "liver", "", records, ([0], [1], []), {})
    np.testing.assert_array_equal(liver.slices[0], prepare(read_grey(records[0]), card))


def test_a_short_training_writes_a_model_that_serves(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recipes, "EPOCHS", 2)
    out = tmp_path / "models" / "theirs"
    card = train_original(data, out, notice="Drawn.", verbose=0)
    assert card == read_card(out)
    assert sorted(path.name for path in out.iterdir()) == [
        "card.json",
        "history.json",
        "theirs.onnx",
        "theirs.weights.h5",
        "training.png",
    ]
    history = json.loads((out / "history.json").read_text())
    assert {name: len(values) for name, values in history.items()} == dict.fromkeys(
        ("loss", "dice", "binary_accuracy", "val_loss", "val_dice", "val_binary_accuracy"), 2
    )
    assert history["val_loss"] == pytest.approx([-value for value in history["val_dice"]])
    assert (card.channels, card.training["structure"]) == (("tumour",), "liver")
    assert card.training["slices"] == {"training": 6, "validation": 1, "set_aside": 1}
    assert 0 <= card.scores["binary_accuracy"] <= 1
    assert "nothing about new people" in card.scores["how"]
    assert analyse(phantom_bytes(), "phantom.png", load_segmenter(out)).model == "theirs"


def test_too_few_slices_are_refused(tmp_path: Path) -> None:
    data = write_data_folder(tmp_path / "data", EIGHT[:2])
    with pytest.raises(DataFolderError, match="too few slices with the tumour outlined"):
        train_original(data, tmp_path / "out", structure="tumour", verbose=0)
    assert not (tmp_path / "out").exists()
