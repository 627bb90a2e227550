"""Which requests a view takes."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpResponse
from django.views.decorators.http import require_POST

View = Callable[..., HttpResponse]


def post_only(view: View) -> View:
    """Take POST only, and let the middleware know it, which answers visitors before the view is reached."""
    wrapped: View = require_POST(view)
    wrapped.post_only = True  # type: ignore[attr-defined]
    return wrapped
