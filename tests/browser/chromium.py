"""Starts Debian's own Chromium for Playwright, which brings no browser along."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

ARGUMENTS = [
    "--headless",
    "--no-sandbox",  # containers forbid the sandbox, and the only pages opened are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


@contextmanager
def running_chromium(program: str) -> Iterator[Browser]:
    """Run a browser while the block lasts.

    It ends with the block on purpose: Playwright keeps an event loop in this thread, under which Django refuses to
    talk to the database, so a browser must not outlive the test that it serves.

    Args:
        program: Path of the Chromium program.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
