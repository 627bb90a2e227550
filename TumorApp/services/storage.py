"""The files of an analysis, in ``DATA_DIR/analyses/ID/``: outside anything that is served by itself."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from django.conf import settings

FIGURE, MASK, SLICE = "figure.png", "mask.png", "slice.png"


def folder() -> Path:
    """Return the folder of all analyses."""
    return Path(settings.DATA_DIR) / "analyses"


def store(analysis_id: str, files: Mapping[str, bytes]) -> None:
    """Keep the files of an analysis: all of them or, whatever happens, none.

    Raises:
        OSError: If they cannot be written; nothing is left then.
    """
    final = folder() / analysis_id
    partial = folder() / f".{analysis_id}.partial"
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    partial.mkdir(mode=0o700)
    try:
        for name, content in files.items():
            (partial / name).write_bytes(content)
        partial.rename(final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def read(analysis_id: str, name: str) -> bytes:
    """Return one file of an analysis.

    Raises:
        FileNotFoundError: If it is gone.
    """
    return (folder() / analysis_id / name).read_bytes()


def remove(analysis_id: str) -> None:
    """Remove the files of an analysis; that there are none is no error."""
    try:
        shutil.rmtree(folder() / analysis_id)
    except FileNotFoundError:
        return


def probe() -> None:
    """Write and remove a small file.

    Raises:
        OSError: If files cannot be kept.
    """
    folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder(), prefix=".probe") as file:
        file.write(b"ready")
        file.flush()
