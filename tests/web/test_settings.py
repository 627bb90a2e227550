"""Settings as the environment makes them."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import json, sys
import Tumor.settings as settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""


def settings_with(data_dir: Path, *names: str, **variables: str) -> dict[str, Any]:
    clean = {name: value for name, value in os.environ.items() if name in ("PATH", "SYSTEMROOT", "HOME")}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, *names],
        cwd=ROOT,
        env={**clean, "DATA_DIR": str(data_dir), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    values: dict[str, Any] = json.loads(run.stdout)
    return values


def test_secret_key_is_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    first = settings_with(data_dir, "SECRET_KEY")["SECRET_KEY"]
    assert len(first) >= 50
    assert settings_with(data_dir, "SECRET_KEY")["SECRET_KEY"] == first
    assert (data_dir / "secret_key").read_text() == first
    assert os.name == "nt" or stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600
    assert settings_with(tmp_path / "elsewhere", "SECRET_KEY")["SECRET_KEY"] != first


def test_given_secret_key_is_not_written(tmp_path: Path) -> None:
    assert settings_with(tmp_path, "SECRET_KEY", SECRET_KEY="given")["SECRET_KEY"] == "given"
    assert list(tmp_path.iterdir()) == []


def test_folder_that_cannot_be_written_leaves_it_to_the_checks(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert len(settings_with(blocked, "SECRET_KEY")["SECRET_KEY"]) >= 50


def test_sqlite_waits_and_writes_ahead(tmp_path: Path) -> None:
    database = settings_with(tmp_path, "DATABASES")["DATABASES"]["default"]
    assert database["NAME"] == str(tmp_path / "liver.sqlite3")
    assert database["OPTIONS"]["timeout"] == 20
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert "journal_mode=WAL" in database["OPTIONS"]["init_command"]


@pytest.mark.django_db
def test_options_reach_the_database() -> None:
    def value(statement: str) -> Any:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cursor.fetchone()[-1]

    if connection.vendor == "sqlite":
        assert value("PRAGMA journal_mode") == "wal"
        assert value("PRAGMA busy_timeout") == 20_000
        assert value("PRAGMA synchronous") == 1  # NORMAL
    else:
        assert value("SELECT @@character_set_connection") == "utf8mb4"
        assert value("SELECT @@collation_connection") == "utf8mb4_bin"
        assert "STRICT_TRANS_TABLES" in value("SELECT @@sql_mode")
        assert value("SHOW VARIABLES LIKE 't%_isolation'") == "READ-COMMITTED"


def test_mysql_by_url(tmp_path: Path) -> None:
    url = "mysql://liver:p%40ss@127.0.0.1:3306/Liver"
    database = settings_with(tmp_path, "DATABASES", DATABASE_URL=url)["DATABASES"]["default"]
    expected = {"NAME": "Liver", "USER": "liver", "PASSWORD": "p@ss", "HOST": "127.0.0.1", "PORT": 3306}
    assert {name: database[name] for name in expected} == expected
    assert database["OPTIONS"]["charset"] == "utf8mb4"
    assert database["OPTIONS"]["sql_mode"] == "STRICT_TRANS_TABLES"


def test_other_databases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failure:
        settings_with(tmp_path, "DATABASES", DATABASE_URL="postgres://u:p@localhost/x")
    assert "no other database is supported" in failure.value.stderr


def test_defaults_are_the_safe_ones(tmp_path: Path) -> None:
    values = settings_with(tmp_path, "DEBUG", "ALLOWED_HOSTS", "HTTPS", "TRUSTED_PROXY", "SESSION_COOKIE_SECURE")
    assert values == {
        "DEBUG": False,
        "ALLOWED_HOSTS": ["localhost", "127.0.0.1", "[::1]"],
        "HTTPS": False,
        "TRUSTED_PROXY": [],
        "SESSION_COOKIE_SECURE": False,
    }


def test_https_makes_everything_secure(tmp_path: Path) -> None:
    names = ("SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS")
    assert all(settings_with(tmp_path, *names, HTTPS="1").values())


def test_lists_are_separated_by_commas(tmp_path: Path) -> None:
    values = settings_with(
        tmp_path,
        "ALLOWED_HOSTS",
        "CSRF_TRUSTED_ORIGINS",
        ALLOWED_HOSTS="liver.example.org,10.0.0.5",
        CSRF_TRUSTED_ORIGINS="https://liver.example.org",
    )
    assert values["ALLOWED_HOSTS"] == ["liver.example.org", "10.0.0.5"]
    assert values["CSRF_TRUSTED_ORIGINS"] == ["https://liver.example.org"]
