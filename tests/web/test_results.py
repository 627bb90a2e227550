from __future__ import annotations

import base64
import io
import json
import uuid
from pathlib import Path

import pytest
from django.test import Client
from PIL import Image
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.phantoms import phantom_bytes
from tests.web.conftest import LOOPBACK, SignIn
from tests.web.uploads import files_under, upload
from TumorApp.models import Account, Analysis

pytestmark = pytest.mark.django_db

PAGES = ["", "figure.png", "mask.png", "slice.png", "findings.json"]


@pytest.mark.parametrize("page", PAGES)
def test_owner_and_administrator_see_it(
    analysis: Analysis, owner_client: Client, administrator: Account, sign_in: SignIn, page: str
) -> None:
    assert owner_client.get(f"/results/{analysis.pk}/{page}").status_code == 200
    assert sign_in(administrator).get(f"/results/{analysis.pk}/{page}").status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_others_cannot_tell_that_it_exists(analysis: Analysis, other: Account, sign_in: SignIn, page: str) -> None:
    client = sign_in(other)
    there = client.get(f"/results/{analysis.pk}/{page}")
    nowhere = client.get(f"/results/{uuid.uuid4().hex}/{page}")
    assert there.status_code == nowhere.status_code == 404
    assert there.templates[0].name == "404.html"


@pytest.mark.parametrize("page", PAGES)
def test_visitors_are_sent_to_sign_in(analysis: Analysis, page: str) -> None:
    path = f"/results/{analysis.pk}/{page}"
    assert Client(**LOOPBACK).get(path)["Location"] == f"/AdminLogin.html?next={path}"


def test_page_shows_what_was_shown_at_first(analysis: Analysis, owner_client: Client, data_dir: Path) -> None:
    response = owner_client.get(f"/results/{analysis.pk}/")
    assert response.templates[0].name == "ViewResult.html"
    assert response.context["findings"] == analysis.findings
    assert response.context["owner_shown"] is False
    figure = (data_dir / "analyses" / analysis.pk / "figure.png").read_bytes()
    assert base64.b64decode(response.context["img"]) == figure
    assert "Patient 17" in response.content.decode()


def test_administrator_is_told_whose_it_is(analysis: Analysis, administrator: Account, sign_in: SignIn) -> None:
    response = sign_in(administrator).get(f"/results/{analysis.pk}/")
    assert response.context["owner_shown"] is True
    assert "owner" in response.content.decode()


def test_dashed_spelling_of_the_id(analysis: Analysis, owner_client: Client) -> None:
    assert owner_client.get(f"/results/{uuid.UUID(analysis.pk)}/").status_code == 200
    assert owner_client.get(f"/results/{analysis.pk.upper()}X/").status_code == 404


@pytest.mark.parametrize(
    ("page", "content_type", "disposition"),
    [
        ("figure.png", "image/png", "inline"),
        ("mask.png", "image/png", "attachment"),
        ("slice.png", "image/png", "attachment"),
        ("findings.json", "application/json", "attachment"),
    ],
)
def test_files_have_fixed_types(
    analysis: Analysis, owner_client: Client, page: str, content_type: str, disposition: str
) -> None:
    response = owner_client.get(f"/results/{analysis.pk}/{page}")
    assert response["Content-Type"] == content_type
    assert response["Content-Disposition"].startswith(f"{disposition}; filename=")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


def test_files_are_what_they_say(analysis: Analysis, owner_client: Client) -> None:
    for page in ("figure.png", "mask.png", "slice.png"):
        content = owner_client.get(f"/results/{analysis.pk}/{page}").content
        assert Image.open(io.BytesIO(content)).format == "PNG"
    findings = json.loads(owner_client.get(f"/results/{analysis.pk}/findings.json").content)
    assert findings == analysis.findings
    assert findings["file"] == "slice.png"


def test_lists_hold_ones_own_and_for_administrators_everyones(
    analysis: Analysis, other: Account, administrator: Account, sign_in: SignIn
) -> None:
    upload(sign_in(other), phantom_bytes(1), "others.png")
    names = {
        account.username: {row.original_name for row in sign_in(account).get("/results/").context["page"]}
        for account in (analysis.owner, other, administrator)
    }
    assert names == {"owner": {"slice.png"}, "other": {"others.png"}, "head": {"slice.png", "others.png"}}
    assert sign_in(administrator).get("/results/").context["everyone"] is True
    assert sign_in(other).get("/results/").context["everyone"] is False


def copies(analysis: Analysis, number: int) -> None:
    for index in range(number):
        values = {field.attname: getattr(analysis, field.attname) for field in Analysis._meta.concrete_fields}
        Analysis.objects.create(**{**values, "id": uuid.uuid4().hex, "original_name": f"copy {index}"})


def test_list_is_paged_and_newest_first(analysis: Analysis, owner_client: Client) -> None:
    copies(analysis, 24)
    first = owner_client.get("/results/").context["page"]
    second = owner_client.get("/results/?page=2").context["page"]
    assert (len(first), len(second)) == (20, 5)
    times = [row.created_at for row in (*first, *second)]
    assert times == sorted(times, reverse=True)
    assert owner_client.get("/results/?page=nonsense").context["page"].number == 1
    assert owner_client.get("/results/?page=99").context["page"].number == 2


def test_start_page_has_the_newest_few_of_ones_own(
    analysis: Analysis, owner_client: Client, administrator: Account, sign_in: SignIn
) -> None:
    copies(analysis, 7)
    assert len(owner_client.get("/AdminScreen.html").context["recent"]) == 5
    assert sign_in(administrator).get("/AdminScreen.html").context["recent"] == []


def test_list_takes_few_queries(analysis: Analysis, owner_client: Client, django_assert_max_num_queries) -> None:
    copies(analysis, 19)
    with django_assert_max_num_queries(4):  # session, account, count, page
        owner_client.get("/results/")


@pytest.mark.parametrize("who", ["owner", "administrator"])
def test_deleting_removes_row_and_files(
    request: pytest.FixtureRequest,
    analysis: Analysis,
    sign_in: SignIn,
    data_dir: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    who: str,
) -> None:
    client = sign_in(request.getfixturevalue(who))
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(f"/results/{analysis.pk}/delete")
    assert (response.status_code, response["Location"]) == (302, "/results/")
    assert not Analysis.objects.exists()
    assert not (data_dir / "analyses" / analysis.pk).exists()


def test_files_stay_until_the_row_is_surely_gone(analysis: Analysis, owner_client: Client, data_dir: Path) -> None:
    # The test's own transaction is never committed: the row may yet come back, and its files with it.
    owner_client.post(f"/results/{analysis.pk}/delete")
    assert len(files_under(data_dir)) == 3


def test_others_and_visitors_cannot_delete(analysis: Analysis, other: Account, sign_in: SignIn, data_dir: Path) -> None:
    assert sign_in(other).post(f"/results/{analysis.pk}/delete").status_code == 404
    assert Client(**LOOPBACK).post(f"/results/{analysis.pk}/delete").status_code == 302
    assert Analysis.objects.filter(pk=analysis.pk).exists()
    assert len(files_under(data_dir)) == 3


def test_deleting_takes_post(analysis: Analysis, owner_client: Client) -> None:
    assert owner_client.get(f"/results/{analysis.pk}/delete").status_code == 405
    assert Analysis.objects.exists()


def test_files_that_are_gone_are_not_found(analysis: Analysis, owner_client: Client, data_dir: Path) -> None:
    for path in files_under(data_dir):
        path.unlink()
    assert owner_client.get(f"/results/{analysis.pk}/mask.png").status_code == 404
