"""Uploading a slice and seeing what was found."""

from __future__ import annotations

import base64
import logging

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from TumorApp.forms import SliceUploadForm, sentences
from TumorApp.imaging import phantom
from TumorApp.imaging.errors import ModelError, SliceError
from TumorApp.imaging.reading import MAX_BYTES, MAX_SIDE_PX
from TumorApp.services import analyses
from TumorApp.uploads import was_cut_off
from TumorApp.views.files import png
from TumorApp.views.methods import post_only

NO_NETWORK = "The slice was not analysed: the network of this installation is not ready. Tell whoever runs the site."

logger = logging.getLogger(__name__)


@require_safe
def upload_page(request: HttpRequest) -> HttpResponse:
    """Show the upload form."""
    return _upload_page(request, SliceUploadForm())


@post_only
def detect(request: HttpRequest) -> HttpResponse:
    """Analyse an uploaded slice and show the result."""
    form = SliceUploadForm(request.POST, request.FILES, cut_off=was_cut_off(request))
    if not form.is_valid():
        return _upload_page(request, form, " ".join(sentences(form)), status=400)
    upload = form.cleaned_data["t2"]
    try:
        kept = analyses.analyse_upload(request.user, upload.read(), upload.name, form.cleaned_data["t1"])
    except SliceError as error:
        return _upload_page(request, form, str(error), status=400)
    except ModelError:
        logger.exception("There is no usable network")
        return _upload_page(request, form, NO_NETWORK, status=503)
    return _result(request, kept)


@post_only
def detect_phantom(request: HttpRequest) -> HttpResponse:
    """Analyse the drawn phantom slice and show the result like any other."""
    try:
        kept = analyses.analyse_phantom(request.user)
    except ModelError:
        logger.exception("There is no usable network")
        return _upload_page(request, SliceUploadForm(), NO_NETWORK, status=503)
    return _result(request, kept)


@require_safe
def phantom_file(request: HttpRequest) -> HttpResponse:
    """Hand out the drawn phantom slice."""
    return png(phantom.phantom_png(), "phantom.png", attached=True)


def _result(request: HttpRequest, kept: analyses.KeptAnalysis) -> HttpResponse:
    row = kept.row
    context = {
        "img": base64.b64encode(kept.figure).decode("ascii"),
        "analysis": row,
        "findings": row.findings,
        "evidence": analyses.evidence(row),
        "owner_shown": False,
    }
    response = render(request, "ViewResult.html", context)
    response["Content-Location"] = reverse("result", args=[row.pk])
    return response


def _upload_page(request: HttpRequest, form: SliceUploadForm, message: str = "", status: int = 200) -> HttpResponse:
    context: dict[str, object] = {"form": form, "max_megabytes": MAX_BYTES // 1024**2, "max_side_px": MAX_SIDE_PX}
    if message:
        context |= {"data": message, "data_kind": "bad"}
    return render(request, "Detection.html", context, status=status)
