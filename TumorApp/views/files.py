"""Files as answers: a fixed type, never guessed by the browser, never named after a patient."""

from __future__ import annotations

from django.http import HttpResponse


def png(content: bytes, name: str, *, attached: bool) -> HttpResponse:
    """Answer with a picture, to be saved or to be shown."""
    return _file(content, name, "image/png", attached=attached)


def json_text(content: str, name: str) -> HttpResponse:
    """Answer with JSON, to be saved."""
    return _file(content.encode(), name, "application/json", attached=True)


def _file(content: bytes, name: str, content_type: str, *, attached: bool) -> HttpResponse:
    disposition = "attachment" if attached else "inline"
    headers = {"Content-Disposition": f'{disposition}; filename="{name}"', "X-Content-Type-Options": "nosniff"}
    return HttpResponse(content, content_type=content_type, headers=headers)
