"""``manage.py export_model``: the ONNX twin of a Keras model."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from TumorApp.imaging.errors import ModelError


class Command(BaseCommand):
    """Write the ONNX twin of a model and prove that both agree."""

    help = "Write the ONNX twin of a Keras model anew and prove that they agree."
    requires_system_checks: list[str] = []  # a missing twin is what this command mends

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("name", help="folder in model/")

    def handle(self, *args: Any, **options: Any) -> None:
        """Export and report."""
        from TumorApp.learning.export import TOLERANCE, export_twin

        try:
            card = export_twin(settings.MODEL_DIR / options["name"])
        except ModelError as error:
            raise CommandError(str(error)) from error
        twin = card.file_ending(".onnx")
        self.stdout.write(f"Wrote {twin}; its probabilities agree with Keras within {TOLERANCE:g}.")
