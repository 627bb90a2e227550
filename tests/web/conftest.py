"""Accounts and clients that the web tests share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.test import Client
from pytest_django import Settings

from tests.phantoms import phantom_bytes
from tests.web.uploads import upload
from TumorApp.access import BIND_ADDRESS
from TumorApp.models import Account, Analysis

LOOPBACK = {BIND_ADDRESS: "127.0.0.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": "127.0.0.1:8000"}
"""The WSGI environment of a request that cannot come from anywhere else."""

SignIn = Callable[[Account], Client]


@pytest.fixture(autouse=True)
def data_dir(settings: Settings, tmp_path: Path) -> Path:
    """A data folder for each test."""
    settings.DATA_DIR = tmp_path / "data"
    return tmp_path / "data"


@pytest.fixture
def owner(db: None) -> Account:
    return Account.objects.create_user("owner", "a long password")


@pytest.fixture
def other(db: None) -> Account:
    return Account.objects.create_user("other", "another password")


@pytest.fixture
def administrator(db: None) -> Account:
    return Account.objects.create_superuser("head", "a third password")


@pytest.fixture
def sign_in() -> SignIn:
    def signed_in(account: Account) -> Client:
        client = Client(**LOOPBACK)
        client.force_login(account)
        return client

    return signed_in


@pytest.fixture
def owner_client(owner: Account, sign_in: SignIn) -> Client:
    return sign_in(owner)


@pytest.fixture
def analysis(owner: Account, owner_client: Client) -> Analysis:
    """An analysis that ``owner`` has made."""
    assert upload(owner_client, phantom_bytes(), reference="Patient 17").status_code == 200
    return Analysis.objects.get(owner=owner)
