"""Reads: one function for each question that a page asks."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Page, Paginator

from TumorApp import access
from TumorApp.models import Account, Analysis

PAGE_LENGTH = 20
RECENT = 5


def recent_analyses(user: Account) -> list[Analysis]:
    """Return the newest few analyses of someone's own, newest first."""
    return list(Analysis.objects.filter(owner=user).order_by("-created_at", "-id")[:RECENT])


def page_of_analyses(user: Account | AnonymousUser, number: str) -> Page[Analysis]:
    """Return one page of what someone may see, newest first; a number that does not exist gives the nearest page."""
    analyses = access.visible_to(user).select_related("owner").order_by("-created_at", "-id")
    return Paginator(analyses, PAGE_LENGTH).get_page(number)


def analysis_seen_by(user: Account | AnonymousUser, analysis_id: str) -> Analysis:
    """Return one analysis.

    Raises:
        Analysis.DoesNotExist: If there is none, or it is not theirs to see; nobody can tell the two apart.
    """
    return access.visible_to(user).select_related("owner").get(pk=analysis_id)
