"""The whole site is one application."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [path("", include("TumorApp.urls"))]
