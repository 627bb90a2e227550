"""Who may see what, and who may do nothing yet."""

from __future__ import annotations

import ipaddress

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.http import HttpRequest
from django.http.request import split_domain_port

from TumorApp.models import Account, Analysis

BIND_ADDRESS = "liver.bind_address"
"""Key of the WSGI environment under which ``Tumor.server`` tells the address that it is bound to."""

FORWARDING_HEADERS = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP", "HTTP_X_CLIENT_IP", "HTTP_TRUE_CLIENT_IP")
FORWARDING_PREFIXES = ("HTTP_X_FORWARDED", "HTTP_CF_")


def visible_to(user: Account | AnonymousUser) -> QuerySet[Analysis]:
    """Return the analyses that someone may know of: their own, and for administrators everyone's."""
    if not user.is_authenticated:
        return Analysis.objects.none()
    if user.is_administrator:
        return Analysis.objects.all()
    return Analysis.objects.filter(owner=user)


def is_wholly_loopback(request: HttpRequest) -> bool:
    """Return whether a request can only come from someone at this machine.

    The server must be bound to a loopback address, the client must have one, the name asked for must be one, and
    nothing may say that the request was passed on: a proxy on the same machine makes every visitor look local. What is
    not known counts against it.
    """
    meta = request.META
    if any(key in FORWARDING_HEADERS or key.startswith(FORWARDING_PREFIXES) for key in meta):
        return False
    host, _ = split_domain_port(meta.get("HTTP_HOST", ""))
    return (
        _is_loopback(meta.get(BIND_ADDRESS, ""))
        and _is_loopback(meta.get("REMOTE_ADDR", ""))
        and (host == "localhost" or _is_loopback(host))
    )


def must_change_password_first(request: HttpRequest) -> bool:
    """Return whether the signed-in account has the published first password where others could use it too."""
    user = request.user
    return user.is_authenticated and user.password_is_default and not is_wholly_loopback(request)


def _is_loopback(address: str) -> bool:
    try:
        parsed = ipaddress.ip_address(address.strip("[]"))
    except ValueError:
        return False
    mapped = getattr(parsed, "ipv4_mapped", None)  # ::ffff:127.0.0.1, an IPv4 client of an IPv6 socket
    return (mapped or parsed).is_loopback
