"""Uploading in tests, and looking at what is left of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from TumorApp.models import Analysis


def upload(client: Client, content: bytes, name: str = "slice.png", reference: str = "") -> Any:
    """Send a file as the upload form does."""
    return client.post("/DetectionAction", {"t1": reference, "t2": SimpleUploadedFile(name, content)})


def files_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()] if folder.exists() else []


def assert_nothing_is_left(data_dir: Path) -> None:
    assert files_under(data_dir) == []
    assert not Analysis.objects.exists()
