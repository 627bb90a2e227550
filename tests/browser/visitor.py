"""Someone at the browser: notes every trouble, and takes the steps that several tests share."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache

from playwright.sync_api import ConsoleMessage, FilePayload, Page, Request, Response, expect

from TumorApp.imaging.phantom import phantom_png

PATIENCE_MS = 60_000
"""A busy two-core machine analyses a slice in seconds; a page that hangs must still fail."""

RESULT_ADDRESS = re.compile(r"/results/[0-9a-f]{32}/$")
SLICE_NAME = "phantom of the test.png"


@dataclass
class Visitor:
    """A page, and everything that went wrong on it."""

    page: Page
    troubles: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._note_console)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("requestfailed", self._note_failure)
        self.page.on("response", self._note_response)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text}")

    def _note_failure(self, request: Request) -> None:
        if request.failure == "net::ERR_ABORTED":
            return  # the visitor went on to another page while the icon was still on its way
        self.troubles.append(f"failed: {request.method} {request.url} {request.failure}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"status {response.status}: {response.request.method} {response.url}")


@cache
def drawn_slice() -> FilePayload:
    return {"name": SLICE_NAME, "mimeType": "image/png", "buffer": phantom_png(0)}


def expect_heading(page: Page, words: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(words)


def menu(page: Page) -> list[str]:
    return page.get_by_role("navigation", name="Main menu").locator("a, button").all_inner_texts()


def sign_in(page: Page, name: str, password: str) -> None:
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def open_signed_in(page: Page, site: str, path: str) -> None:
    page.goto(f"{site}/AdminLogin.html")
    sign_in(page, "admin", "admin")
    expect(page.get_by_text("welcome admin")).to_be_visible()
    page.goto(f"{site}/{path}")
