"""Makes the pictures of the README by driving the real server: ``python docs/make_screenshots.py``.

Needs Chromium and the packages of ``requirements-dev.txt``. The slice shown is a drawn phantom: no patient's data.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from playwright.sync_api import Page  # noqa: E402 - the path above comes first, and ours stay in one block

from tests.browser.chromium import running_chromium  # noqa: E402
from tests.browser.server import running_server  # noqa: E402

PICTURES = ROOT / "docs" / "pictures"
COLOURS = 256
"""Enough for flat pages and a grey slice, at a fraction of the full-colour file."""


def save(picture: bytes, name: str) -> None:
    """Write a screenshot with few colours, and say how large it became."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / name
    with Image.open(io.BytesIO(picture)) as full:
        full.convert("RGB").quantize(COLOURS, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            path, optimize=True
        )
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size // 1024} KiB")


def photograph(page: Page, url: str) -> None:
    """Sign in, analyse the phantom, and take the pictures."""
    page.goto(f"{url}/AdminLogin.html")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("admin")
    page.get_by_role("button", name="Sign in").click()
    page.goto(f"{url}/UpdateProfile.html")  # first, so that the pictures are without the notice of the first password
    page.get_by_label("New password").fill("a phantom needs no secrets")
    page.get_by_label("Current password").fill("admin")
    page.get_by_role("button", name="Update the account").click()
    page.goto(f"{url}/Detection.html")
    page.get_by_role("button", name="Try it with a drawn phantom slice").click()
    page.wait_for_url("**/results/*/")
    save(page.screenshot(full_page=True), "result.png")


def main() -> None:
    """Make the pictures, or say what is missing."""
    program = shutil.which("chromium")
    if program is None:
        sys.exit("Chromium is missing; on Debian: apt install chromium")
    with (
        tempfile.TemporaryDirectory() as folder,
        running_server(Path(folder)) as url,
        running_chromium(program) as browser,
    ):
        page = browser.new_page(viewport={"width": 1200, "height": 800}, color_scheme="light")
        page.set_default_timeout(60_000)
        photograph(page, url)


if __name__ == "__main__":
    main()
