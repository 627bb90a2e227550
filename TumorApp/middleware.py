"""What happens to every request before a view sees it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.utils.cache import patch_cache_control

from TumorApp import access

GetResponse = Callable[[HttpRequest], HttpResponseBase]
View = Callable[..., HttpResponseBase]

OPEN_WITH_FIRST_PASSWORD = {"index", "UpdateProfile", "UpdateProfileAction", "Logout", "healthz", "readyz"}
CLIENT_ADDRESS = "liver.client_address"
"""Key of the request's META with the address of the client as far as it can be known."""


class TrustedProxyMiddleware:
    """Believes the forwarding headers of proxies that the owner named, and of nobody else.

    They tell the client's address and whether the visitor came by HTTPS. They never make a request count as local.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Note the client's address and scheme, then go on."""
        peer = request.META.get("REMOTE_ADDR", "")
        request.META[CLIENT_ADDRESS] = peer
        if peer in settings.TRUSTED_PROXY:
            request.META[CLIENT_ADDRESS] = _client_behind(peer, request.headers.get("X-Forwarded-For", ""))
            if request.headers.get("X-Forwarded-Proto", "").strip().lower() == "https":
                request.META["wsgi.url_scheme"] = "https"
        return self.get_response(request)


def _client_behind(peer: str, forwarded_for: str) -> str:
    """Return the last address that no trusted proxy has: everything before it may be the client's invention."""
    for address in reversed([part.strip() for part in forwarded_for.split(",") if part.strip()]):
        if address not in settings.TRUSTED_PROXY:
            return address
    return peer


class NoStoreMiddleware:
    """Keeps pages out of every cache: they show patients' data, and the back button must not outlive a sign-out."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Mark the answer; static files were answered before this."""
        response = self.get_response(request)
        patch_cache_control(response, private=True, no_store=True)
        return response


class SessionRequiredMiddleware(LoginRequiredMiddleware):
    """Sends visitors to the sign-in page from everything that is not marked as open to them."""

    def handle_no_permission(self, request: HttpRequest, view_func: View) -> HttpResponse:
        """Answer a visitor.

        A view that only takes POST says so (405) to visitors as to everyone else, and is nowhere to go on to after
        signing in.
        """
        if getattr(view_func, "post_only", False):
            return redirect(settings.LOGIN_URL) if request.method == "POST" else HttpResponseNotAllowed(["POST"])
        return super().handle_no_permission(request, view_func)


class FirstPasswordMiddleware:
    """Lets an account with the published first password do nothing but change it, unless it is used locally."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Go on; the rule needs to know the view."""
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view_func: View, view_args: tuple[Any, ...], view_kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        """Send the account to its profile page from everything that is not open to it yet."""
        match = request.resolver_match
        if match is not None and match.url_name in OPEN_WITH_FIRST_PASSWORD:
            return None
        return redirect("UpdateProfile") if access.must_change_password_first(request) else None
