"""The result page tells how often the network is right, and only of the network that answered."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from django.test import Client

from TumorApp.models import Analysis
from TumorApp.services import analyses


def change(analysis: Analysis, **values: object) -> None:
    """Replace findings of a kept analysis."""
    analysis.findings_json = json.dumps({**analysis.findings, **values})
    analysis.save()


def page(client: Client, analysis: Analysis) -> str:
    return " ".join(client.get(f"/results/{analysis.pk}/").content.decode().split())


def test_page_has_the_figures_of_the_card(analysis: Analysis, owner_client: Client) -> None:
    scores = analyses.segmenter().card.scores
    counts = scores["tumour_by_slice"]
    text = page(owner_client, analysis)
    assert f"on slices of {scores['tumour']['people']} people" in text
    assert f"on {counts['found']} of {counts['found'] + counts['missed']} slices that had one" in text
    assert f"{counts['wrongly_marked']} of {counts['wrongly_marked'] + counts['clean']} that had none" in text


def test_a_clean_result_says_how_often_a_tumour_is_missed(analysis: Analysis, owner_client: Client) -> None:
    counts = analyses.segmenter().card.scores["tumour_by_slice"]
    change(analysis, tumour_detected=False, lesions=[])
    text = page(owner_client, analysis)
    assert "No tumour was marked in this slice" in text
    assert f"it overlooked {counts['missed']} of {counts['found'] + counts['missed']} slices that had one" in text


def test_members_are_said_to_have_been_judged_one_by_one(
    analysis: Analysis, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = analyses.segmenter()
    for crossed in (True, False):
        card = replace(network.card, scores={**network.card.scores, "cross_validated": crossed})
        monkeypatch.setattr(analyses, "segmenter", lambda card=card: replace(network, card=card))
        text = page(owner_client, analysis)
        assert ("each judged by a part of the network that had never seen them" in text) is crossed
        assert ("whom it had never seen" in text) is not crossed


@pytest.mark.parametrize(
    ("sureness", "heading"),
    [
        ("sure", "A tumour was marked"),
        ("unsure", "Perhaps a tumour"),
        ("very unsure", "A tumour was marked, probably wrongly"),
    ],
)
def test_a_measured_chance_is_told_in_words(
    sureness: str, heading: str, analysis: Analysis, owner_client: Client
) -> None:
    lesion = {**analysis.findings["lesions"][0], "confidence": 0.347, "sureness": "very unsure"}
    change(analysis, sureness=sureness, tumour_chance=0.625, confidence_measured=True, lesions=[lesion])
    text = page(owner_client, analysis)
    assert f'<h1 id="verdict">{heading}</h1>' in text
    assert f"How sure the network is: <strong>{sureness}</strong>." in text
    assert "Of slices that looked to it like this one, about 62 % had a tumour" in text
    assert "35 %, very unsure" in text
    assert "Confidence is an estimate of the chance" in text


@pytest.mark.parametrize(("chance", "words"), [(0.004, "under 1 %"), (0.996, "over 99 %"), (0.01, "about 1 %")])
def test_nothing_is_said_to_be_certain(chance: float, words: str, analysis: Analysis, owner_client: Client) -> None:
    change(analysis, sureness="sure", tumour_chance=chance)
    assert f"Of slices that looked to it like this one, {words} had a tumour" in page(owner_client, analysis)


def test_what_was_never_measured_is_not_called_sure(analysis: Analysis, owner_client: Client) -> None:
    change(analysis, sureness=None, tumour_chance=None, confidence_measured=False)
    text = page(owner_client, analysis)
    assert "How sure the network is" not in text
    assert "How often it is right with that confidence was not measured" in text


def test_a_result_kept_by_an_earlier_version_is_still_shown(analysis: Analysis, owner_client: Client) -> None:
    values = analysis.findings
    for name in ("sureness", "tumour_chance", "confidence_measured", "slice_score"):
        del values[name]
    for lesion in values["lesions"]:
        del lesion["sureness"]
    analysis.findings_json = json.dumps(values)
    analysis.save()
    text = page(owner_client, analysis)
    assert "A tumour was marked" in text
    assert "How sure the network is" not in text


def test_result_of_another_network_has_none(analysis: Analysis, owner_client: Client) -> None:
    change(analysis, model_sha256="0" * 64)
    assert analyses.evidence(analysis) is None
    assert "How often the network is right:" not in page(owner_client, analysis)


def test_without_a_network_the_kept_result_is_still_shown(
    analysis: Analysis, owner_client: Client, settings: pytest.FixtureRequest, tmp_path: object
) -> None:
    settings.MODEL_DIR = tmp_path
    assert owner_client.get(f"/results/{analysis.pk}/").status_code == 200
    assert analyses.evidence(analysis) is None
