"""The SQL script that an administrator of MySQL or MariaDB loads instead of letting the site make its own tables."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

DATABASE = "Liver"
USER = "liver"
USER_HOSTS = ("localhost", "127.0.0.1")
"""A server that looks up names calls the same machine `localhost`, one that does not `127.0.0.1`."""

PLACEHOLDER_PASSWORD = "change-this-password"  # noqa: S105 - the script tells its reader to replace it
RIGHTS = "SELECT, INSERT, UPDATE, DELETE"

SERVERS = ("8.0.11", "11.4.2-MariaDB")
"""The script must be the same for both: the oldest MySQL that Django knows, and a MariaDB with types of its own."""

HEADER = f"""\
-- The database of the site on MySQL 8 or MariaDB 10.6 and newer.
-- Written by `python manage.py make_sql` from the migrations: change those, not this file.
--
-- 1. Replace `{PLACEHOLDER_PASSWORD}` (twice, at the end) by a password of your own.
-- 2. Load the file as the server's administrator, for example: mariadb --user=root --password < sql/liver.sql
--    It stops at once where a database {DATABASE} exists already.
-- 3. Start the site with DATABASE_URL=mysql://{USER}:PASSWORD@127.0.0.1:3306/{DATABASE}
--
-- The site's user may read and change rows, nothing else. A later version of the site may bring new migrations; run
-- `python manage.py migrate` then once with an administrator's name and password in DATABASE_URL, or knowingly grant
-- the site's user CREATE, ALTER, DROP, INDEX and REFERENCES on {DATABASE}.*, which a visitor who gets hold of the site
-- would have as well.

SET NAMES utf8mb4;
SET SESSION default_storage_engine = InnoDB;

CREATE DATABASE `{DATABASE}` CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
USE `{DATABASE}`;
"""


class SchemaDiffersError(Exception):
    """The migrations use something that MySQL and MariaDB do not share."""


def schema_script() -> str:
    """Return the script: database, tables, the rows that say which migrations they contain, and the site's user.

    No server is needed.

    Raises:
        SchemaDiffersError: MySQL and MariaDB would need different scripts.
    """
    loader = MigrationLoader(None)
    tables, *others = [list(_table_statements(loader, version)) for version in SERVERS]
    for other in others:
        differing = [f"{ours}\n{theirs}" for ours, theirs in zip(tables, other, strict=True) if ours != theirs]
        if differing:
            raise SchemaDiffersError("MySQL and MariaDB would need different tables:\n" + "\n".join(differing))
    parts = [HEADER, *(_spread(statement) for statement in tables), _applied_rows(loader), _grants()]
    return "\n".join(parts)


def _offline_connection(version: str) -> BaseDatabaseWrapper:
    """Return a connection that believes to talk to a server of this version, and never opens."""
    import pymysql

    pymysql.install_as_MySQLdb()
    from django.db.backends.mysql import base, introspection

    class OfflineIntrospection(introspection.DatabaseIntrospection):
        def get_storage_engine(self, cursor: None, table_name: str) -> str:
            return "InnoDB"

    class OfflineWrapper(base.DatabaseWrapper):
        introspection_class = OfflineIntrospection
        mysql_server_data = {
            "version": version,
            "sql_mode": "STRICT_TRANS_TABLES",
            "default_storage_engine": "InnoDB",
            "sql_auto_is_null": False,
            "lower_case_table_names": False,
            "has_zoneinfo_database": False,
        }

        def cursor(self) -> None:
            """Give the introspection above what it does not use."""

    return OfflineWrapper({"ENGINE": "django.db.backends.mysql", "NAME": DATABASE, "OPTIONS": {}, "TIME_ZONE": None})


def _table_statements(loader: MigrationLoader, version: str) -> Iterator[str]:
    """Yield the statements that make the tables as the last migrations leave them."""
    apps = loader.project_state().apps
    with _offline_connection(version).schema_editor(collect_sql=True) as editor:
        editor.create_model(MigrationRecorder.Migration)
        for model in apps.get_models():
            if model._meta.can_migrate(editor.connection):
                editor.create_model(model)
    yield from editor.collected_sql


def _spread(statement: str) -> str:
    """Return a CREATE TABLE statement with one column a line, any other unchanged."""
    if not statement.startswith("CREATE TABLE"):
        return f"{statement}\n"
    head, _, body = statement.rstrip(";").partition("(")
    columns = [""]
    depth = 0
    for character in body.rpartition(")")[0]:
        depth += (character == "(") - (character == ")")
        if character == "," and depth == 0:
            columns.append("")
        else:
            columns[-1] += character
    lines = ",\n".join(f"    {column.strip()}" for column in columns)
    return f"{head}(\n{lines}\n);\n"


def _applied_rows(loader: MigrationLoader) -> str:
    """Return the statement that tells `migrate` which migrations the tables contain."""
    order: list[tuple[str, str]] = []
    for leaf in sorted(loader.graph.leaf_nodes()):
        order += [key for key in loader.graph.forwards_plan(leaf) if key not in order]
    rows = ",\n".join(f"    ('{app}', '{name}', UTC_TIMESTAMP(6))" for app, name in order)
    return f"INSERT INTO `django_migrations` (`app`, `name`, `applied`) VALUES\n{rows};\n"


def _grants() -> str:
    """Return the statements that make the site's user; last, so that it exists only where the tables do."""
    lines = []
    for host in USER_HOSTS:
        lines.append(f"CREATE USER IF NOT EXISTS '{USER}'@'{host}' IDENTIFIED BY '{PLACEHOLDER_PASSWORD}';")
        lines.append(f"GRANT {RIGHTS} ON `{DATABASE}`.* TO '{USER}'@'{host}';")
    return "\n".join(lines) + "\n"
