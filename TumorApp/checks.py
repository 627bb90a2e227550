"""What is wrong with an installation, found by ``manage.py check`` before anyone meets it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import OperationalError, connections

from TumorApp.imaging.card import DEFAULT_MODEL, read_card, sha256_of
from TumorApp.imaging.errors import ModelError


@register()
def data_folder_is_writable(**_: Any) -> list[CheckMessage]:
    """``liver.E001``: database, uploads and the secret key need ``DATA_DIR``."""
    folder = Path(settings.DATA_DIR)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".check"):
            return []
    except OSError as error:
        message = f"The data folder {folder} cannot be written: {error.strerror}."
        hint = "Give the user that runs the site write access to it, or set DATA_DIR to another folder."
        return [Error(message, hint=hint, id="liver.E001")]


@register()
def model_is_whole(**_: Any) -> list[CheckMessage]:
    """``liver.E002``: no usable card or a file missing. ``liver.E003``: a file that the card does not describe."""
    folder = Path(settings.MODEL_DIR) / DEFAULT_MODEL
    hint = f"Restore the folder from the repository, or train a network: manage.py train --data DATA --out {folder}"
    try:
        card = read_card(folder)
        card.file_ending(".onnx")
    except ModelError as error:
        return [Error(str(error), hint=hint, id="liver.E002")]
    found: list[CheckMessage] = []
    for name, sha256 in card.files.items():
        if not (folder / name).is_file():
            found.append(Error(f"{folder / name} is missing.", hint=hint, id="liver.E002"))
        elif sha256_of(folder / name) != sha256:
            message = f"{folder / name} is not the file that {card.name}'s card describes."
            found.append(Error(message, hint=hint, id="liver.E003"))
    return found


@register(Tags.database)
def mysql_keeps_every_character(databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """``liver.E004``: a MySQL database that cannot hold every name, or takes two names for one."""
    found: list[CheckMessage] = []
    for alias in databases or ():
        if connections[alias].vendor != "mysql":
            continue
        try:
            with connections[alias].cursor() as cursor:
                cursor.execute("SELECT @@character_set_database, @@collation_database")
                charset, collation = cursor.fetchone()
        except OperationalError as error:
            hint = "Start the database server and check DATABASE_URL."
            found.append(Error(f"The database does not answer: {error}", hint=hint, id="liver.E005"))
            continue
        if charset != "utf8mb4" or collation != "utf8mb4_bin":
            name = connections[alias].settings_dict["NAME"]
            message = f"The database {name} has the character set {charset} with collation {collation}."
            hint = f"Run, before migrate: ALTER DATABASE `{name}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
            found.append(Error(message, hint=hint, id="liver.E004"))
    return found
