"""The table of public names, and nothing else."""

from __future__ import annotations

from django.urls import path, register_converter

from TumorApp.converters import AnalysisIdConverter
from TumorApp.views import accounts, detection, history, pages

register_converter(AnalysisIdConverter, "analysis")

urlpatterns = [
    path("index.html", pages.home, name="index"),
    path("", pages.home, name="index"),  # the later of two is the one that links show
    path("AdminLogin.html", accounts.sign_in_page, name="AdminLogin"),
    path("AdminLoginAction", accounts.sign_in, name="AdminLoginAction"),
    path("AdminScreen.html", accounts.start_page, name="AdminScreen"),
    path("Logout", accounts.sign_out, name="Logout"),
    path("UpdateProfile.html", accounts.profile, name="UpdateProfile"),
    path("UpdateProfileAction", accounts.update_profile, name="UpdateProfileAction"),
    path("Detection.html", detection.upload_page, name="Detection"),
    path("DetectionAction", detection.detect, name="DetectionAction"),
    path("PhantomAction", detection.detect_phantom, name="PhantomAction"),
    path("phantom.png", detection.phantom_file, name="phantom"),
    path("results/", history.results, name="results"),
    path("results/<analysis:analysis_id>/", history.result, name="result"),
    path("results/<analysis:analysis_id>/figure.png", history.figure, name="result_figure"),
    path("results/<analysis:analysis_id>/mask.png", history.mask, name="result_mask"),
    path("results/<analysis:analysis_id>/slice.png", history.slice_file, name="result_slice"),
    path("results/<analysis:analysis_id>/findings.json", history.findings_file, name="result_json"),
    path("results/<analysis:analysis_id>/delete", history.delete_result, name="DeleteResultAction"),
    path("healthz", pages.health, name="healthz"),
    path("readyz", pages.ready, name="readyz"),
]
