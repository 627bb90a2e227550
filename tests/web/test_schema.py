"""sql/liver.sql: the same as the migrations make, on a real MariaDB, and enough for the site's own user."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import models
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState

from tests.mariadb import MariaDB, StatementError
from TumorApp.services import schema

ROOT = Path(__file__).resolve().parents[2]
MIGRATED = "Liver_migrated"

WHAT_MAKES_A_SCHEMA = {
    "TABLES": "TABLE_NAME, ENGINE, TABLE_COLLATION",
    "COLUMNS": (
        "TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_DEFAULT, COLUMN_KEY, EXTRA,"
        " CHARACTER_SET_NAME, COLLATION_NAME"
    ),
    "STATISTICS": "TABLE_NAME, INDEX_NAME, SEQ_IN_INDEX, COLUMN_NAME, NON_UNIQUE, COLLATION, SUB_PART, INDEX_TYPE",
    "TABLE_CONSTRAINTS": "TABLE_NAME, CONSTRAINT_NAME, CONSTRAINT_TYPE",
    "KEY_COLUMN_USAGE": (
        "TABLE_NAME, CONSTRAINT_NAME, ORDINAL_POSITION, COLUMN_NAME, REFERENCED_TABLE_NAME, REFERENCED_COLUMN_NAME"
    ),
    "REFERENTIAL_CONSTRAINTS": "TABLE_NAME, CONSTRAINT_NAME, UNIQUE_CONSTRAINT_NAME, UPDATE_RULE, DELETE_RULE",
    "CHECK_CONSTRAINTS": "TABLE_NAME, CONSTRAINT_NAME, CHECK_CLAUSE",
}
"""Tables of information_schema, and of each what two equal schemas have in common."""


def manage(url: str, data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run manage.py against this database."""
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), *arguments],
        env={**os.environ, "DATABASE_URL": url, "DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "Tumor.settings"},
        capture_output=True,
        text=True,
        check=False,
    )


def described(server: MariaDB, database: str, table: str) -> list[str]:
    """The rows of one table of information_schema that belong to this database, in an order of their own."""
    column = "TABLE_SCHEMA" if table in {"TABLES", "COLUMNS", "STATISTICS"} else "CONSTRAINT_SCHEMA"
    query = f"SELECT {WHAT_MAKES_A_SCHEMA[table]} FROM information_schema.{table} WHERE {column} = '{database}';"
    return sorted(server.execute(query).splitlines())


@pytest.fixture(scope="module")
def migrated(mariadb: MariaDB, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of a database that `migrate` filled."""
    mariadb.execute(f"CREATE DATABASE `{MIGRATED}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;")
    finished = manage(mariadb.url(MIGRATED), tmp_path_factory.mktemp("migrated"), "migrate")
    assert finished.returncode == 0, finished.stderr
    yield MIGRATED
    mariadb.execute(f"DROP DATABASE `{MIGRATED}`;")


def test_the_committed_script_is_what_the_command_writes(tmp_path: Path) -> None:
    path = tmp_path / "new.sql"
    call_command("make_sql", str(path), verbosity=0)
    assert path.read_bytes() == (ROOT / "sql" / "liver.sql").read_bytes(), "please run `python manage.py make_sql`"


def test_a_type_that_the_servers_do_not_share_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    state = ProjectState()
    state.add_model(ModelState("TumorApp", "Thing", [("id", models.UUIDField(primary_key=True))]))
    monkeypatch.setattr(MigrationLoader, "project_state", lambda loader: state)
    with pytest.raises(schema.SchemaDiffersError, match="uuid"):
        schema.schema_script()


@pytest.mark.mariadb
@pytest.mark.parametrize("table", WHAT_MAKES_A_SCHEMA)
@pytest.mark.usefixtures("mariadb_url")
def test_the_script_makes_what_the_migrations_make(mariadb: MariaDB, migrated: str, table: str) -> None:
    loaded = described(mariadb, "Liver", table)
    assert loaded == described(mariadb, migrated, table)
    if table != "CHECK_CONSTRAINTS":  # the tables need none so far
        assert loaded


@pytest.mark.mariadb
@pytest.mark.usefixtures("mariadb_url")
def test_the_script_compares_text_byte_by_byte(mariadb: MariaDB) -> None:
    query = "SELECT DISTINCT COLLATION_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'Liver';"
    assert set(mariadb.execute(query).split()) == {"NULL", "utf8mb4_bin"}


@pytest.mark.mariadb
def test_nothing_is_left_to_migrate(mariadb: MariaDB, mariadb_url: str, tmp_path: Path) -> None:
    before = mariadb.execute("SELECT app, name, applied FROM Liver.django_migrations ORDER BY id;")
    checked = manage(mariadb_url, tmp_path, "migrate", "--check")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    # The site does this at every start, with the few rights of its own user.
    done = manage(mariadb_url, tmp_path, "migrate")
    assert done.returncode == 0, done.stderr
    assert "No migrations to apply" in done.stdout
    assert mariadb.execute("SELECT app, name, applied FROM Liver.django_migrations ORDER BY id;") == before
    assert mariadb.execute("SELECT username FROM Liver.account;").split() == ["admin"]


@pytest.mark.mariadb
def test_the_applied_migrations_are_those_of_migrate(mariadb: MariaDB, mariadb_url: str, migrated: str) -> None:
    rows = [
        sorted(mariadb.execute(f"SELECT app, name FROM `{database}`.django_migrations;").splitlines())
        for database in (mariadb_url.rpartition("/")[2], migrated)
    ]
    assert rows[0] == rows[1]


@pytest.mark.mariadb
@pytest.mark.parametrize("host", schema.USER_HOSTS)
@pytest.mark.usefixtures("mariadb_url")
def test_the_sites_user_may_change_rows_and_nothing_else(mariadb: MariaDB, host: str) -> None:
    grants = mariadb.execute(f"SHOW GRANTS FOR 'liver'@'{host}';").splitlines()
    assert len(grants) == 2
    assert grants[0].startswith("GRANT USAGE ON *.* TO ")
    assert grants[1].startswith(f"GRANT {schema.RIGHTS} ON `Liver`.* TO ")
    assert "GRANT OPTION" not in grants[1]


@pytest.mark.mariadb
@pytest.mark.usefixtures("mariadb_url")
def test_a_database_that_is_there_is_left_alone(mariadb: MariaDB) -> None:
    mariadb.execute("INSERT INTO Liver.auth_group (name) VALUES ('kept');")
    with pytest.raises(StatementError, match="database exists"):
        mariadb.execute((ROOT / "sql" / "liver.sql").read_text(encoding="utf-8"))
    assert mariadb.execute("SELECT name FROM Liver.auth_group;").split() == ["kept"]
