from __future__ import annotations

import os
from io import StringIO

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db import connection
from django.test import Client
from pytest_django import Settings

from tests.web.conftest import LOOPBACK, SignIn
from TumorApp.models import Account
from TumorApp.services import accounts

pytestmark = pytest.mark.django_db

REFUSED = "Error occurred in account updation"


def update(client: Client, t1: str = "owner", t2: str = "new password", t3: str = "a long password"):
    return client.post("/UpdateProfileAction", {"t1": t1, "t2": t2, "t3": t3})


def test_table_is_account_and_password_hashed(owner: Account) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT username, password FROM account WHERE username = %s", ["owner"])
        username, password = cursor.fetchone()
    assert username == "owner"
    assert "a long password" not in password
    assert password.count("$") >= 2


def test_default_account_is_made_once() -> None:
    admin = Account.objects.get()
    assert (admin.username, admin.is_administrator, admin.password_is_default) == ("admin", True, True)
    assert admin.check_password("admin")
    accounts.ensure_default_account()
    assert Account.objects.count() == 1


def test_default_account_is_not_made_beside_others(owner: Account) -> None:
    Account.objects.filter(username="admin").delete()
    call_command("migrate", verbosity=0)
    assert [account.username for account in Account.objects.all()] == ["owner"]


def test_default_account_is_made_where_there_is_none() -> None:
    Account.objects.all().delete()
    call_command("migrate", verbosity=0)
    assert Account.objects.get().username == "admin"


def test_rehashing_keeps_the_default_mark(settings: Settings) -> None:
    slow = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    settings.PASSWORD_HASHERS = [slow, *(hasher for hasher in settings.PASSWORD_HASHERS if hasher != slow)]
    before = Account.objects.get().password
    account = authenticate(username="admin", password="admin")
    assert account is not None
    assert account.password != before
    assert account.password_is_default
    assert Account.objects.get().password_is_default


def test_createsuperuser_makes_an_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "DJANGO_SUPERUSER_PASSWORD", "from the environment")
    call_command("createsuperuser", interactive=False, username="chief", stdout=StringIO())
    chief = Account.objects.get(username="chief")
    assert chief.is_administrator
    assert not chief.password_is_default
    assert chief.check_password("from the environment")


def test_renaming_keeps_row_and_session(owner: Account, owner_client: Client) -> None:
    response = update(owner_client, t1="renamed")
    assert response.context["data"] == "Your account successfully updated"
    renamed = Account.objects.get(pk=owner.pk)
    assert renamed.username == "renamed"
    assert renamed.check_password("new password")
    assert owner_client.get("/Detection.html").status_code == 200


def test_update_ends_other_sessions(owner: Account, owner_client: Client, sign_in: SignIn) -> None:
    elsewhere = sign_in(owner)
    update(owner_client)
    assert elsewhere.get("/Detection.html").status_code == 302


def test_new_credentials_sign_in_and_old_ones_do_not(owner_client: Client) -> None:
    update(owner_client, t1="renamed")
    client = Client(**LOOPBACK)
    old = client.post("/AdminLoginAction", {"t1": "owner", "t2": "a long password"})
    assert old.context["data"] == "login failed"
    new = client.post("/AdminLoginAction", {"t1": "renamed", "t2": "new password"})
    assert new.context["data"] == "welcome renamed"


@pytest.mark.parametrize(
    ("fields", "detail"),
    [
        ({"t3": "wrong"}, "The current password is not right."),
        ({"t3": ""}, "Enter your current password as well."),
        ({"t1": ""}, "Enter a user name."),
        ({"t1": "   "}, "Enter a user name."),
        ({"t1": "x" * 31}, "A user name has at most 30 characters."),
        ({"t1": "ﷺﷺ"}, "A user name has at most 30 characters."),
        ({"t1": "a\u200bb"}, "A user name has no control characters."),
        ({"t1": "other"}, "Another account has this user name. Choose a different one."),
        ({"t2": ""}, "Enter a new password."),
        ({"t2": "   "}, "Enter a new password."),
        ({"t2": "admin"}, "The new password may not be the published first one."),
        ({"t2": "Owner"}, "The new password may not be the same as the user name."),
    ],
)
def test_refused_updates_say_why_and_change_nothing(
    owner: Account, other: Account, owner_client: Client, fields: dict[str, str], detail: str
) -> None:
    response = update(owner_client, **fields)
    assert response.status_code == 200
    assert response.context["data"] == REFUSED
    assert detail in response.context["details"]
    unchanged = Account.objects.get(pk=owner.pk)
    assert (unchanged.username, unchanged.password) == (owner.username, owner.password)
    assert owner_client.get("/Detection.html").status_code == 200


def test_without_the_password_nobody_learns_who_else_has_an_account(owner_client: Client, other: Account) -> None:
    response = update(owner_client, t1="other", t3="wrong")
    assert response.context["details"] == ["The current password is not right."]


def test_two_who_choose_one_name_at_once(
    owner: Account, other: Account, owner_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The other one took the name after it was found free.
    monkeypatch.setattr(accounts, "_reasons_against", lambda *_: [])
    response = update(owner_client, t1="other")
    assert response.context["data"] == REFUSED
    assert response.context["user"].username == "owner"
    assert Account.objects.get(pk=owner.pk).check_password("a long password")


def test_name_with_spaces_around_it_is_the_same_name(owner: Account) -> None:
    response = Client(**LOOPBACK).post("/AdminLoginAction", {"t1": " owner ", "t2": "a long password"})
    assert response.context["data"] == "welcome owner"


def test_names_differ_in_case(owner: Account, other: Account, owner_client: Client) -> None:
    assert update(owner_client, t1="Other").context["data"] == "Your account successfully updated"


def test_inactive_account_cannot_sign_in(owner: Account) -> None:
    Account.objects.filter(pk=owner.pk).update(is_active=False)
    response = Client(**LOOPBACK).post("/AdminLoginAction", {"t1": "owner", "t2": "a long password"})
    assert response.context["data"] == "login failed"


@pytest.mark.parametrize("fields", [{}, {"t1": "owner"}, {"t1": "", "t2": ""}, {"t1": "a\x00b", "t2": "x"}])
def test_incomplete_sign_in_fails_calmly(fields: dict[str, str]) -> None:
    response = Client(**LOOPBACK).post("/AdminLoginAction", fields)
    assert (response.status_code, response.context["data"]) == (200, "login failed")


@pytest.mark.parametrize(
    ("asked", "followed"),
    [
        ("/Detection.html", "/Detection.html"),
        ("https://example.org/", ""),
        ("//example.org/", ""),
        ("javascript:alert(1)", ""),
        ("", ""),
    ],
)
def test_next_stays_on_this_site(owner: Account, asked: str, followed: str) -> None:
    client = Client(**LOOPBACK)
    assert client.get("/AdminLogin.html", {"next": asked}).context["next"] == followed
    response = client.post("/AdminLoginAction", {"t1": "owner", "t2": "a long password", "next": asked})
    assert response.context["continue_to"] == followed


def test_pages_are_not_kept_by_caches(owner_client: Client) -> None:
    assert owner_client.get("/AdminScreen.html")["Cache-Control"] == "private, no-store"


def test_session_cookie_is_out_of_reach_of_scripts_and_other_sites(owner: Account) -> None:
    client = Client(**LOOPBACK)
    client.post("/AdminLoginAction", {"t1": "owner", "t2": "a long password"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
