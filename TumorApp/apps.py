"""The application as Django knows it."""

from __future__ import annotations

from typing import Any

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models.signals import post_migrate


class TumorAppConfig(AppConfig):
    """Detection of liver tumours on CT slices."""

    name = "TumorApp"
    verbose_name = "Detection of Liver Tumors"

    def ready(self) -> None:
        """Register the checks of an installation, and the account that an empty database begins with."""
        from TumorApp import checks  # noqa: F401 - importing registers them

        post_migrate.connect(_make_default_account, sender=self)


def _make_default_account(using: str, **_: Any) -> None:
    """Make the default account once the table is there; after a migration back to nothing it is not."""
    from TumorApp.services import accounts

    if using == DEFAULT_DB_ALIAS and "account" in connections[using].introspection.table_names():
        accounts.ensure_default_account()
