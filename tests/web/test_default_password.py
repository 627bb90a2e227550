"""Whoever signs in with the published first password must change it, unless nobody but them can be there."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import Settings

from tests.web.conftest import LOOPBACK
from TumorApp.access import BIND_ADDRESS
from TumorApp.models import Account

pytestmark = pytest.mark.django_db

HELD = [
    {"REMOTE_ADDR": "192.0.2.7"},
    {"HTTP_HOST": "liver.example.org"},
    {"HTTP_HOST": "192.0.2.1:8000"},
    {BIND_ADDRESS: "0.0.0.0"},  # noqa: S104 - the very case that is refused
    {BIND_ADDRESS: "::"},
    {BIND_ADDRESS: "192.0.2.1"},
    {BIND_ADDRESS: ""},
    {"HTTP_FORWARDED": "for=127.0.0.1"},
    {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    {"HTTP_X_FORWARDED_FOR": ""},
    {"HTTP_X_FORWARDED_HOST": "localhost"},
    {"HTTP_X_FORWARDED_PROTO": "https"},
    {"HTTP_X_REAL_IP": "127.0.0.1"},
    {"HTTP_VIA": "1.1 proxy"},
]
FREE = [
    {},
    {"HTTP_HOST": "localhost:8000"},
    {"HTTP_HOST": "[::1]:8000", BIND_ADDRESS: "::1", "REMOTE_ADDR": "::1"},
    {"REMOTE_ADDR": "127.8.9.10"},
    {"REMOTE_ADDR": "::ffff:127.0.0.1"},
]
OPEN = ["/", "/index.html", "/UpdateProfile.html", "/healthz", "/readyz", "/static/TumorApp/site.css"]
CLOSED = ["/AdminScreen.html", "/Detection.html", "/results/", "/phantom.png", "/AdminLogin.html"]


@pytest.fixture(autouse=True)
def any_host(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["*"]


def first_client(**environ: str) -> Client:
    client = Client(**{**LOOPBACK, **environ})
    client.force_login(Account.objects.get(username="admin"))
    return client


@pytest.mark.parametrize("environ", HELD, ids=str)
def test_anything_but_wholly_local_is_held(environ: dict[str, str]) -> None:
    response = first_client(**environ).get("/Detection.html")
    assert (response.status_code, response["Location"]) == (302, "/UpdateProfile.html")


@pytest.mark.parametrize("environ", FREE, ids=str)
def test_wholly_local_is_free_but_told(environ: dict[str, str]) -> None:
    response = first_client(**environ).get("/Detection.html")
    assert response.status_code == 200
    assert response.context["default_password"] is True
    assert "still has its first password" in response.content.decode()


def test_unknown_bind_address_is_held() -> None:
    client = Client(REMOTE_ADDR="127.0.0.1", HTTP_HOST="127.0.0.1")
    client.force_login(Account.objects.get(username="admin"))
    assert client.get("/Detection.html").status_code == 302


def test_trusted_proxy_does_not_lift_the_rule(settings: Settings) -> None:
    settings.TRUSTED_PROXY = ["127.0.0.1"]
    assert first_client(HTTP_X_FORWARDED_FOR="127.0.0.1").get("/Detection.html").status_code == 302


@pytest.mark.parametrize("path", OPEN)
def test_what_stays_open(path: str) -> None:
    assert first_client(**HELD[0]).get(path).status_code == 200


@pytest.mark.parametrize("path", CLOSED)
def test_what_is_closed(path: str) -> None:
    assert first_client(**HELD[0]).get(path)["Location"] == "/UpdateProfile.html"


@pytest.mark.parametrize("path", ["/DetectionAction", "/PhantomAction", "/results/" + "0" * 32 + "/delete"])
def test_actions_are_closed(path: str) -> None:
    assert first_client(**HELD[0]).post(path)["Location"] == "/UpdateProfile.html"


@pytest.mark.parametrize("path", ["/", "/UpdateProfile.html"])
def test_every_page_says_so(path: str) -> None:
    assert "still has its first password" in first_client(**HELD[0]).get(path).content.decode()


def test_signing_in_from_afar_shows_the_warning_and_nothing_else() -> None:
    client = Client(**{**LOOPBACK, **HELD[0]})
    response = client.post("/AdminLoginAction", {"t1": "admin", "t2": "admin"})
    assert (response.status_code, response.context["data"]) == (200, "welcome admin")
    assert response.context["default_password"] is True
    assert response.context["recent"] == []


def test_signing_out_is_open() -> None:
    assert first_client(**HELD[0]).post("/Logout")["Location"] == "/"


def test_changing_it_ends_the_rule() -> None:
    client = first_client(**HELD[0])
    response = client.post("/UpdateProfileAction", {"t1": "admin", "t2": "a better one", "t3": "admin"})
    assert response.context["data"] == "Your account successfully updated"
    assert response.context["default_password"] is False
    assert client.get("/Detection.html").status_code == 200
    assert not Account.objects.get(username="admin").password_is_default


def test_other_accounts_are_not_held(owner: Account) -> None:
    client = Client(**{**LOOPBACK, **HELD[0]})
    client.force_login(owner)
    response = client.get("/Detection.html")
    assert response.status_code == 200
    assert response.context["default_password"] is False
