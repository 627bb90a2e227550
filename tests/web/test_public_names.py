"""The contract with everyone who has bookmarked, scripted or learnt the site: paths, methods, fields, words."""

from __future__ import annotations

import base64
import io

import pytest
from django.test import Client
from django.urls import resolve, reverse
from PIL import Image

from tests.phantoms import phantom_bytes
from tests.web.conftest import LOOPBACK
from tests.web.uploads import upload
from TumorApp.models import Account

TITLE = "<title>Detection of Liver Tumors</title>"

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor() -> Client:
    return Client(**LOOPBACK)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/", "index"),
        ("/index.html", "index"),
        ("/AdminLogin.html", "AdminLogin"),
        ("/AdminLoginAction", "AdminLoginAction"),
        ("/Detection.html", "Detection"),
        ("/DetectionAction", "DetectionAction"),
        ("/UpdateProfile.html", "UpdateProfile"),
        ("/UpdateProfileAction", "UpdateProfileAction"),
    ],
)
def test_path_has_its_name(path: str, name: str) -> None:
    assert resolve(path).url_name == name


def test_links_lead_home_to_the_root() -> None:
    assert reverse("index") == "/"


@pytest.mark.parametrize(
    ("path", "template", "words"),
    [
        ("/", "index.html", "segmentation"),
        ("/index.html", "index.html", "segmentation"),
        ("/AdminLogin.html", "AdminLogin.html", "Admin Login Screen"),
    ],
)
def test_pages_for_visitors(visitor: Client, path: str, template: str, words: str) -> None:
    response = visitor.get(path)
    assert response.status_code == 200
    assert response.templates[0].name == template
    page = response.content.decode()
    assert TITLE in page
    assert words in page
    assert "Home</a>" in page
    assert "Admin Login Here</a>" in page
    assert "Logout" not in page


@pytest.mark.parametrize(
    ("path", "template", "heading"),
    [
        ("/", "index.html", None),
        ("/AdminScreen.html", "AdminScreen.html", None),
        ("/Detection.html", "Detection.html", "Tumor Detection Screen"),
        ("/UpdateProfile.html", "UpdateProfile.html", "Update Account Screen"),
        ("/results/", "Results.html", None),
    ],
)
def test_pages_for_accounts(owner_client: Client, path: str, template: str, heading: str | None) -> None:
    response = owner_client.get(path)
    assert response.status_code == 200
    assert response.templates[0].name == template
    page = response.content.decode()
    assert TITLE in page
    assert heading is None or f"<h1>{heading}</h1>" in page
    for words in ("Home</a>", "Update Profile</a>", "Detect Tumor</a>", "Logout</button>"):
        assert words in page
    assert "Admin Login Here" not in page


@pytest.mark.parametrize(
    ("path", "fields", "action"),
    [
        ("/AdminLogin.html", ["t1", "t2"], "/AdminLoginAction"),
        ("/Detection.html", ["t1", "t2"], "/DetectionAction"),
        ("/UpdateProfile.html", ["t1", "t2", "t3"], "/UpdateProfileAction"),
    ],
)
def test_forms_have_their_fields(owner_client: Client, path: str, fields: list[str], action: str) -> None:
    page = owner_client.get(path).content.decode()
    assert f'action="{action}"' in page
    for field in fields:
        assert f'name="{field}"' in page


@pytest.mark.parametrize("path", ["/AdminLogin.html", "/Detection.html", "/UpdateProfile.html"])
def test_browser_checks_for_empty_fields(owner_client: Client, path: str) -> None:
    assert " required" in owner_client.get(path).content.decode()


POST_NAMES = ["AdminLoginAction", "DetectionAction", "UpdateProfileAction", "PhantomAction", "Logout"]


@pytest.mark.parametrize("name", POST_NAMES)
@pytest.mark.parametrize("who", ["visitor", "owner_client"])
def test_post_names_answer_get_with_405(request: pytest.FixtureRequest, who: str, name: str) -> None:
    response = request.getfixturevalue(who).get(f"/{name}")
    assert response.status_code == 405
    assert response["Allow"] == "POST"


@pytest.mark.parametrize(
    "path", ["/Detection.html", "/UpdateProfile.html", "/AdminScreen.html", "/results/", "/phantom.png"]
)
def test_pages_send_visitors_to_sign_in(visitor: Client, path: str) -> None:
    response = visitor.get(path)
    assert (response.status_code, response["Location"]) == (302, f"/AdminLogin.html?next={path}")


@pytest.mark.parametrize("name", ["DetectionAction", "UpdateProfileAction", "PhantomAction", "Logout"])
def test_actions_send_visitors_to_sign_in(visitor: Client, name: str) -> None:
    response = visitor.post(f"/{name}", {"t1": "x", "t2": "y", "t3": "z"})
    assert (response.status_code, response["Location"]) == (302, "/AdminLogin.html")


def test_signing_in_welcomes(visitor: Client, owner: Account) -> None:
    response = visitor.post("/AdminLoginAction", {"t1": "owner", "t2": "a long password"})
    assert response.status_code == 200
    assert response.templates[0].name == "AdminScreen.html"
    assert response.context["data"] == "welcome owner"
    assert "welcome owner" in response.content.decode()


def test_failing_to_sign_in_is_a_page(visitor: Client, owner: Account) -> None:
    response = visitor.post("/AdminLoginAction", {"t1": "owner", "t2": "wrong"})
    assert response.status_code == 200
    assert response.templates[0].name == "AdminLogin.html"
    assert response.context["data"] == "login failed"
    assert "login failed" in response.content.decode()


def test_default_account_signs_in_on_an_empty_database(visitor: Client) -> None:
    response = visitor.post("/AdminLoginAction", {"t1": "admin", "t2": "admin"})
    assert response.context["data"] == "welcome admin"


def test_detecting_shows_the_figure(owner_client: Client) -> None:
    response = upload(owner_client, phantom_bytes(), reference="Somebody")
    assert response.status_code == 200
    assert response.templates[0].name == "ViewResult.html"
    figure = Image.open(io.BytesIO(base64.b64decode(response.context["img"], validate=True)))
    figure.load()
    assert figure.format == "PNG"
    assert f"data:image/png;base64,{response.context['img']}" in response.content.decode()
    assert TITLE in response.content.decode()


def test_updating_says_the_two_messages(owner_client: Client) -> None:
    fields = {"t1": "renamed", "t2": "new password", "t3": "a long password"}
    updated = owner_client.post("/UpdateProfileAction", fields)
    refused = owner_client.post("/UpdateProfileAction", {**fields, "t3": "wrong"})
    assert updated.status_code == refused.status_code == 200
    assert updated.templates[0].name == refused.templates[0].name == "UpdateProfile.html"
    assert updated.context["data"] == "Your account successfully updated"
    assert refused.context["data"] == "Error occurred in account updation"
    assert "Your account successfully updated" in updated.content.decode()
    assert "Error occurred in account updation" in refused.content.decode()


def test_logout_leads_home(owner_client: Client) -> None:
    response = owner_client.post("/Logout")
    assert (response.status_code, response["Location"]) == (302, "/")
    assert owner_client.get("/Detection.html").status_code == 302


@pytest.mark.parametrize("name", POST_NAMES)
def test_lapsed_form_token_gets_a_friendly_page(owner: Account, name: str) -> None:
    client = Client(enforce_csrf_checks=True, **LOOPBACK)
    client.force_login(owner)
    response = client.post(f"/{name}")
    assert response.status_code == 403
    assert response.templates[0].name == "403_csrf.html"
    assert TITLE in response.content.decode()


def test_unknown_path_gets_a_friendly_page(visitor: Client) -> None:
    response = visitor.get("/nothing.html")
    assert response.status_code == 404
    assert TITLE in response.content.decode()
