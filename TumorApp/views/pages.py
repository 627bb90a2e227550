"""Pages that belong to no one subject: home, and the machine's health."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from TumorApp.services import readiness

PLAIN = "text/plain; charset=utf-8"


@login_not_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Show what the site does."""
    return render(request, "index.html")


@login_not_required
@require_safe
def health(request: HttpRequest) -> HttpResponse:
    """Say that the process is alive."""
    return HttpResponse("ok\n", content_type=PLAIN)


@login_not_required
@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """Say whether work can be done, and what is in the way."""
    problems = readiness.problems()
    if problems:
        return HttpResponse("".join(f"{problem}\n" for problem in problems), status=503, content_type=PLAIN)
    return HttpResponse("ready\n", content_type=PLAIN)
