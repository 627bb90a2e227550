"""Fixtures of the browser tests: Debian's Chromium, a real server, and a visitor who notes every trouble."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.chromium import running_chromium
from tests.browser.server import running_server
from tests.browser.visitor import PATIENCE_MS, Visitor
from tests.programs import require


@pytest.fixture(scope="session")
def chromium_program() -> str:
    """The path of Chromium; skips without it, and fails where CI requires it."""
    return require(["chromium"], "chromium")


@pytest.fixture
def browser(chromium_program: str) -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with running_chromium(chromium_program) as browser:
        yield browser


@pytest.fixture
def new_visitor(browser: Browser) -> Callable[..., Visitor]:
    """Makes a visitor with cookies of their own; options are those of Playwright's ``new_context``."""

    def make(**options: Any) -> Visitor:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        return Visitor(context.new_page())

    return make


@pytest.fixture
def visitor(new_visitor: Callable[..., Visitor]) -> Visitor:
    return new_visitor()


@pytest.fixture(scope="module")
def site(chromium_program: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server whose account is still admin/admin."""
    with running_server(Path(tmp_path_factory.mktemp("site"))) as url:
        yield url
