"""``manage.py train``: what it takes, what it refuses, and what it says."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.imaging.card import read_card
from TumorApp.learning import export, pipeline, recipes
from TumorApp.learning.checkpoints import Progress

pytestmark = pytest.mark.usefixtures("narrow_networks")

SHORT = ["--network", "dilated_unet", "--phases", "32:32:1:1e-3", "--steps", "1", "--batch-size", "2"]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data_folder(tmp_path_factory.mktemp("folder") / "data", EIGHT)


def train(data: Path, out: Path, *options: str) -> str:
    output = io.StringIO()
    call_command("train", "--data", str(data), "--out", str(out), *options, verbosity=0, stdout=output)
    return output.getvalue()


def test_an_interrupted_training_is_resumed_or_put_aside(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [*SHORT, "--hold-out", "0", "--validation", "0.3", "--patience", "2"]
    with monkeypatch.context() as patch:
        patch.setattr(Progress, "keep_phase", interrupt)
        with pytest.raises(KeyboardInterrupt):
            train(data, tmp_path / "mine", *options)
    with pytest.raises(CommandError, match="--resume"):
        train(data, tmp_path / "mine", *options)
    with pytest.raises(CommandError, match="differs in seed"):
        train(data, tmp_path / "mine", *options, "--resume", "--seed", "1")
    assert "card.json" in train(data, tmp_path / "mine", *options, "--resume")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
    card = read_card(tmp_path / "mine")
    assert card.training["plan"]["patience"] == 2
    assert card.training["people_of_validation"]["network"]
    with pytest.raises(CommandError, match="no interrupted training"):
        train(data, tmp_path / "mine", *options, "--resume")


def interrupt(*arguments: object) -> None:
    raise KeyboardInterrupt


def test_the_original_recipe_has_its_own_numbers(data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "EPOCHS", 1)
    original = ["--recipe", "original", "--network", "dilated_unet"]
    with pytest.raises(CommandError, match="leave out --folds, --steps, --resume"):
        train(data, tmp_path / "theirs", *original, "--folds", "4", "--steps", "3", "--resume")
    with pytest.raises(CommandError, match="add --network dilated_unet"):
        train(data, tmp_path / "theirs", "--recipe", "original", "--network", "compact_unet")
    assert "theirs.onnx" in train(data, tmp_path / "theirs", *original, "--structure", "tumour")
    assert read_card(tmp_path / "theirs").training["structure"] == "tumour"


def test_without_an_exporter_it_says_how_to_get_the_twin(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (export, pipeline):
        monkeypatch.setattr(module, "can_write_twin", lambda: False)
    said = train(data, tmp_path / "mine", *SHORT)
    assert "KERAS_BACKEND=tensorflow and: manage.py export_model mine" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--phases", "64"], "written like"),
        (["--phases", "a:b:c:d"], "written like"),
        (["--phases", "64:64:0:1e-3"], "A phase needs an epoch"),
        (["--phases", "none"], "needs a phase"),
        (["--hold-out", "2"], "a number from 0 to 1"),
        (["--validation", "some"], "a number from 0 to 1"),
        (["--patience", "3"], "--validation"),
        (["--structure", "liver"], "--recipe original"),
        (["--network", "resnet"], "there are compact_unet, dilated_unet"),
        (["--folds", "4", "--hold-out", "0.2"], "held out once"),
        (["--folds", "4"], "3 people have liver and tumours outlined"),
        (["--resume", "--restart"], "not allowed with"),
    ],
)
def test_what_makes_no_sense_is_refused(options: list[str], message: str, data: Path, tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=message):
        train(data, tmp_path / "mine", *options)
    assert list(tmp_path.iterdir()) == []
