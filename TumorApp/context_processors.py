"""What every page is told."""

from __future__ import annotations

from django.http import HttpRequest


def default_password(request: HttpRequest) -> dict[str, bool]:
    """Tell whether the signed-in account still has its published first password."""
    user = getattr(request, "user", None)  # absent where a middleware refused the request early
    return {"default_password": bool(user and user.is_authenticated and user.password_is_default)}
