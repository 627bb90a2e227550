"""Parts of a path."""

from __future__ import annotations


class AnalysisIdConverter:
    """The id of an analysis: 32 hexadecimal digits, also in the dashed spelling of a UUID."""

    regex = r"[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"

    def to_python(self, value: str) -> str:
        """Return the id as the database keeps it."""
        return value.replace("-", "")

    def to_url(self, value: str) -> str:
        """Return the id as links show it."""
        return value
