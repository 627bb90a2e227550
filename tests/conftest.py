"""What all tests share: the option --all, a data folder of their own, and a private MariaDB."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings

from tests.mariadb import MariaDB, running_mariadb

ROOT = Path(__file__).resolve().parent.parent

PLACEHOLDER_PASSWORD = "change-this-password"
"""What sql/liver.sql gives the site's database user until somebody changes it."""

_data_dir = pytest.StashKey[Path]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--all", action="store_true", help="run the slow tests as well")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep tests out of the person's own data, and sign in quickly.

    This comes before anything touches the database. The environment counts for the programs that tests start.
    """
    folder = Path(tempfile.mkdtemp(prefix="liver-tests-"))
    config.stash[_data_dir] = folder
    os.environ["DATA_DIR"] = str(folder)
    settings.DATA_DIR = folder
    database = settings.DATABASES["default"]
    if database["ENGINE"].endswith("sqlite3"):
        database["NAME"] = str(folder / "liver.sqlite3")
        database["TEST"]["NAME"] = str(folder / "test.sqlite3")
    # A hash that resists guessing costs a third of a second each time, on purpose.
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def pytest_unconfigure(config: pytest.Config) -> None:
    shutil.rmtree(config.stash[_data_dir], ignore_errors=True)


def pytest_report_header() -> str:
    return f"database: {settings.DATABASES['default']['ENGINE'].rpartition('.')[2]}"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("--all"):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    if slow:
        config.hook.pytest_deselected(items=slow)
        items[:] = [item for item in items if item not in slow]


@pytest.fixture(scope="session")
def mariadb() -> Iterator[MariaDB]:
    """A private MariaDB server; skips, or fails in CI, where MariaDB is not installed."""
    with running_mariadb() as server:
        yield server


@pytest.fixture
def mariadb_url(mariadb: MariaDB) -> Iterator[str]:
    """The ``DATABASE_URL`` of a database as an administrator makes it: from sql/liver.sql, with the site's own user."""
    mariadb.execute((ROOT / "sql" / "liver.sql").read_text(encoding="utf-8"))
    yield mariadb.url("Liver", user="liver", password=PLACEHOLDER_PASSWORD)
    mariadb.execute("DROP DATABASE Liver; DROP USER liver@localhost; DROP USER 'liver'@'127.0.0.1';")
