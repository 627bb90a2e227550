"""``manage.py make_sql``: writes the MySQL script from the migrations."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from TumorApp.services import schema


class Command(BaseCommand):
    """Writes sql/liver.sql anew; no database server is needed."""

    help = "Writes the script that makes the MySQL or MariaDB database, from the migrations."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the arguments."""
        parser.add_argument("file", nargs="?", help="where to write it, - for the screen (default: sql/liver.sql)")

    def handle(self, *args: Any, file: str | None, **options: Any) -> None:
        """Write the script."""
        try:
            script = schema.schema_script()
        except schema.SchemaDiffersError as error:
            raise CommandError(str(error)) from error
        if file == "-":
            self.stdout.write(script, ending="")
            return
        path = Path(file) if file else settings.BASE_DIR / "sql" / "liver.sql"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(script, encoding="utf-8", newline="\n")
        self.stdout.write(f"Wrote {path}.")
