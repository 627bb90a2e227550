"""A wrong installation is named by ``manage.py check``, with a code and a hint."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from django.conf import settings as site_settings
from django.core.checks import run_checks
from django.db import connection
from pytest_django import Settings

from TumorApp import checks
from TumorApp.imaging.card import DEFAULT_MODEL


def ids(databases: list[str] | None = None) -> list[str]:
    return [message.id for message in run_checks(databases=databases) if message.id.startswith("liver.")]


@pytest.fixture
def model_copy(settings: Settings, tmp_path: Path) -> Path:
    settings.MODEL_DIR = tmp_path / "model"
    shutil.copytree(Path(site_settings.BASE_DIR) / "model" / DEFAULT_MODEL, tmp_path / "model" / DEFAULT_MODEL)
    return tmp_path / "model" / DEFAULT_MODEL


def test_whole_installation_passes(model_copy: Path) -> None:
    assert ids() == []


def test_data_folder_that_cannot_be_written(data_dir: Path) -> None:
    data_dir.write_text("a file where a folder should be")
    (message,) = checks.data_folder_is_writable()
    assert message.id == "liver.E001"
    assert "DATA_DIR" in message.hint


def test_missing_model(settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_DIR = tmp_path
    (message,) = checks.model_is_whole()
    assert message.id == "liver.E002"
    assert "manage.py train" in message.hint


def test_missing_weights(model_copy: Path) -> None:
    next(model_copy.glob("*.onnx")).unlink()
    assert ids() == ["liver.E002"]


def test_altered_weights(model_copy: Path) -> None:
    with next(model_copy.glob("*.onnx")).open("ab") as file:
        file.write(b"one byte too many")
    assert ids() == ["liver.E003"]


@pytest.mark.django_db
def test_database_keeps_every_character() -> None:
    assert ids(["default"]) == []


@pytest.mark.django_db(transaction=True)
def test_database_that_takes_two_names_for_one() -> None:
    if connection.vendor != "mysql":
        assert checks.mysql_keeps_every_character(databases=["default"]) == []
        return
    name = connection.settings_dict["NAME"]
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER DATABASE `{name}` CHARACTER SET latin1 COLLATE latin1_swedish_ci")
        try:
            assert ids(["default"]) == ["liver.E004"]
        finally:
            cursor.execute(f"ALTER DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
