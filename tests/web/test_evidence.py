"""The result page tells how often the network is right, and only of the network that answered."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from TumorApp.models import Analysis
from TumorApp.services import analyses


def page(client: Client, analysis: Analysis) -> str:
    return " ".join(client.get(f"/results/{analysis.pk}/").content.decode().split())


def test_page_has_the_figures_of_the_card(analysis: Analysis, owner_client: Client) -> None:
    scores = analyses.segmenter().card.scores
    counts = scores["tumour_by_slice"]
    text = page(owner_client, analysis)
    assert f"on slices of {scores['tumour']['people']} people whom it had never seen" in text
    assert f"on {counts['found']} of {counts['found'] + counts['missed']} slices that had one" in text
    assert f"{counts['wrongly_marked']} of {counts['wrongly_marked'] + counts['clean']} that had none" in text


def test_result_of_another_network_has_none(analysis: Analysis, owner_client: Client) -> None:
    analysis.findings_json = json.dumps({**analysis.findings, "model_sha256": "0" * 64})
    analysis.save()
    assert analyses.evidence(analysis) is None
    assert "How often it is right" not in page(owner_client, analysis)


def test_without_a_network_the_kept_result_is_still_shown(
    analysis: Analysis, owner_client: Client, settings: pytest.FixtureRequest, tmp_path: object
) -> None:
    settings.MODEL_DIR = tmp_path
    assert owner_client.get(f"/results/{analysis.pk}/").status_code == 200
    assert analyses.evidence(analysis) is None
