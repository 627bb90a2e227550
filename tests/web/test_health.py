from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.test import Client
from pytest_django import Settings

from tests.web.conftest import LOOPBACK


@pytest.fixture
def visitor() -> Client:
    return Client(**LOOPBACK)


def test_healthz_needs_nothing(visitor: Client) -> None:
    # Not even a database: this test may not touch one.
    response = visitor.get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")
    assert response["Content-Type"].startswith("text/plain")


@pytest.mark.django_db
def test_readyz_is_ready(visitor: Client) -> None:
    response = visitor.get("/readyz")
    assert (response.status_code, response.content) == (200, b"ready\n")


@pytest.mark.django_db
def test_readyz_without_a_database(visitor: Client) -> None:
    def refuse(*_: Any) -> None:
        raise OperationalError("gone away, at an address that visitors need not know")

    with connection.execute_wrapper(refuse):
        response = visitor.get("/readyz")
    assert response.status_code == 503
    assert response.content == b"database: it does not answer, or its tables are missing\n"


@pytest.mark.django_db
def test_readyz_without_storage(visitor: Client, data_dir: Path) -> None:
    data_dir.write_text("a file where a folder should be")
    response = visitor.get("/readyz")
    assert (response.status_code, response.content) == (503, b"storage: files cannot be written\n")


@pytest.mark.django_db
def test_readyz_without_a_network(visitor: Client, settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_DIR = tmp_path
    response = visitor.get("/readyz")
    assert (response.status_code, response.content) == (503, b"network: it cannot be loaded\n")


@pytest.mark.django_db
def test_https_redirects_pages_and_not_health(visitor: Client, settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    visitor = Client(**LOOPBACK)
    assert visitor.get("/").status_code == 301
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 200


@pytest.mark.parametrize(
    ("trusted", "headers", "address", "scheme"),
    [
        ([], {"HTTP_X_FORWARDED_FOR": "192.0.2.9", "HTTP_X_FORWARDED_PROTO": "https"}, "127.0.0.1", "http"),
        (["127.0.0.1"], {"HTTP_X_FORWARDED_FOR": "192.0.2.9", "HTTP_X_FORWARDED_PROTO": "https"}, "192.0.2.9", "https"),
        (["127.0.0.1"], {"HTTP_X_FORWARDED_FOR": "10.0.0.1, 192.0.2.9"}, "192.0.2.9", "http"),
        (["127.0.0.1", "192.0.2.9"], {"HTTP_X_FORWARDED_FOR": "10.0.0.1, 192.0.2.9"}, "10.0.0.1", "http"),
        (["127.0.0.1"], {}, "127.0.0.1", "http"),
    ],
)
def test_forwarding_headers_count_from_trusted_proxies_only(
    settings: Settings, trusted: list[str], headers: dict[str, str], address: str, scheme: str
) -> None:
    settings.TRUSTED_PROXY = trusted
    request = Client(**LOOPBACK).get("/healthz", **headers).wsgi_request
    assert request.META["liver.client_address"] == address
    assert request.scheme == scheme
