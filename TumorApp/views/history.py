"""Analyses that were kept: the list, one of them, its files, its end."""

from __future__ import annotations

import base64
import json

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from TumorApp import selectors
from TumorApp.models import Analysis
from TumorApp.services import analyses, storage
from TumorApp.views import files
from TumorApp.views.methods import post_only


@require_safe
def results(request: HttpRequest) -> HttpResponse:
    """List one's own analyses; administrators see everyone's."""
    page = selectors.page_of_analyses(request.user, request.GET.get("page", "1"))
    return render(request, "Results.html", {"page": page, "everyone": request.user.is_administrator})


@require_safe
def result(request: HttpRequest, analysis_id: str) -> HttpResponse:
    """Show a kept analysis as it was shown when it was made."""
    analysis = _seen(request, analysis_id)
    context = {
        "img": base64.b64encode(_stored(analysis, storage.FIGURE)).decode("ascii"),
        "analysis": analysis,
        "findings": analysis.findings,
        "evidence": analyses.evidence(analysis),
        "owner_shown": analysis.owner_id != request.user.pk,
    }
    return render(request, "ViewResult.html", context)


@require_safe
def figure(request: HttpRequest, analysis_id: str) -> HttpResponse:
    """Show the figure."""
    analysis = _seen(request, analysis_id)
    return files.png(_stored(analysis, storage.FIGURE), f"figure-{analysis.pk[:8]}.png", attached=False)


@require_safe
def mask(request: HttpRequest, analysis_id: str) -> HttpResponse:
    """Hand out the mask on the slice's own grid: 0 background, 1 liver, 2 tumour."""
    analysis = _seen(request, analysis_id)
    return files.png(_stored(analysis, storage.MASK), f"mask-{analysis.pk[:8]}.png", attached=True)


@require_safe
def slice_file(request: HttpRequest, analysis_id: str) -> HttpResponse:
    """Hand out the slice as it was analysed: 8-bit grey, upright."""
    analysis = _seen(request, analysis_id)
    return files.png(_stored(analysis, storage.SLICE), f"slice-{analysis.pk[:8]}.png", attached=True)


@require_safe
def findings_file(request: HttpRequest, analysis_id: str) -> HttpResponse:
    """Hand out the findings as JSON."""
    analysis = _seen(request, analysis_id)
    text = json.dumps(analysis.findings, indent=2, ensure_ascii=False) + "\n"
    return files.json_text(text, f"findings-{analysis.pk[:8]}.json")


@post_only
def delete_result(request: HttpRequest, analysis_id: str) -> HttpResponse:
    """Delete an analysis, files and all, and go back to the list."""
    analyses.delete(_seen(request, analysis_id))
    return redirect("results")


def _seen(request: HttpRequest, analysis_id: str) -> Analysis:
    """Return the analysis, or answer 404 where it is not there or not theirs."""
    try:
        return selectors.analysis_seen_by(request.user, analysis_id)
    except Analysis.DoesNotExist:
        raise Http404("There is no such analysis.") from None


def _stored(analysis: Analysis, name: str) -> bytes:
    try:
        return storage.read(analysis.pk, name)
    except FileNotFoundError:
        raise Http404("The file of this analysis is gone.") from None
