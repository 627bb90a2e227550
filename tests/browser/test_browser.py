"""The main job in a real browser: sign in, upload, read the result, change the credentials, sign in again, delete."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.server import running_server
from tests.browser.visitor import RESULT_ADDRESS, SLICE_NAME, Visitor, drawn_slice, expect_heading, menu, sign_in

pytestmark = pytest.mark.browser

TITLE = "Detection of Liver Tumors"
NEW_PASSWORD = "seven quiet livers"
VERDICTS = {
    (True, True): "A tumour was marked",
    (True, False): "A tumour was marked",
    (False, True): "No tumour was marked in this slice",
    (False, False): "No liver was found in this slice",
}


@pytest.fixture(params=["sqlite", pytest.param("mariadb", marks=pytest.mark.mariadb)])
def own_site(request: pytest.FixtureRequest, chromium_program: str, tmp_path: Path) -> Iterator[str]:
    """A fresh server for one test, on each kind of database; MariaDB is filled from ``sql/liver.sql``."""
    database_url = None if request.param == "sqlite" else request.getfixturevalue("mariadb_url")
    with running_server(tmp_path, database_url) as url:
        yield url


def test_the_main_job_from_signing_in_to_deleting(own_site: str, visitor: Visitor) -> None:
    page = visitor.page
    visit_and_sign_in(page, own_site)
    result = upload_phantom(page)
    read_result(page)
    page.get_by_role("link", name="My Results").click()
    row = page.get_by_role("row").filter(has_text=SLICE_NAME)
    expect(row).to_contain_text("Case 12")
    change_credentials(page)
    page.get_by_role("button", name="Logout").click()
    page.wait_for_url(f"{own_site}/")
    assert menu(page) == ["Home", "Admin Login Here"]
    page.goto(result)  # what belongs to an account needs a session
    expect_heading(page, "Admin Login Screen")
    sign_in(page, "doctor", NEW_PASSWORD)
    expect(page.get_by_text("welcome doctor")).to_be_visible()
    page.goto(result)  # renamed, it is the same account and keeps its results
    page.get_by_text("Delete…").click()
    page.get_by_role("button", name="Delete this analysis").click()
    expect(page.get_by_text("Nothing here yet")).to_be_visible()
    assert page.request.get(result).status == 404
    page.get_by_role("button", name="Logout").click()
    expect(page.get_by_role("link", name="Admin Login Here")).to_be_visible()
    assert visitor.troubles == []


def visit_and_sign_in(page: Page, site: str) -> None:
    page.goto(site)
    assert page.title() == TITLE
    assert menu(page) == ["Home", "Admin Login Here"]
    page.get_by_role("link", name="Admin Login Here").click()
    expect_heading(page, "Admin Login Screen")
    sign_in(page, "admin", "not the password")
    expect(page.get_by_role("alert")).to_have_text("login failed")
    sign_in(page, "admin", "admin")
    expect(page.get_by_text("welcome admin")).to_be_visible()
    assert menu(page) == ["Home", "Detect Tumor", "My Results", "Update Profile", "Logout"]
    expect(page.get_by_text("This account still has its first password.")).to_be_visible()


def upload_phantom(page: Page) -> str:
    """Upload a slice through the form and return the address of the result."""
    page.get_by_role("link", name="Detect Tumor").click()
    expect_heading(page, "Tumor Detection Screen")
    page.get_by_label("CT slice").set_input_files(drawn_slice())
    expect(page.locator("#chosen")).to_contain_text("256 × 256 pixels")
    expect(page.get_by_role("img", name="Preview of the chosen slice")).to_be_visible()
    page.get_by_label("Patient name or reference").fill("Case 12")
    page.get_by_role("button", name="Analyse the slice").click()
    page.wait_for_url(RESULT_ADDRESS)
    return page.url


def read_result(page: Page) -> None:
    """Compare what the page says with the findings that it offers for download."""
    assert page.title() == TITLE
    findings = page.request.get(page.url + "findings.json").json()
    expect_heading(page, VERDICTS[findings["tumour_detected"], findings["liver_area_px"] > 0])
    main = page.get_by_role("main")
    for words in ("Case 12", SLICE_NAME, findings["model"], "not a medical device", *findings["warnings"]):
        expect(main).to_contain_text(words)
    if findings["stage"] is not None:
        expect(main).to_contain_text(f"Stage {findings['stage']} by the size rule")
    assert page.get_by_role("table", name="Lesions").locator("tbody tr").count() == len(findings["lesions"])
    figure = page.get_by_role("figure").get_by_role("img")
    assert figure.evaluate("image => image.complete && image.naturalWidth > 300")
    assert (figure.get_attribute("src") or "").startswith("data:image/png;base64,")
    mask = np.asarray(Image.open(io.BytesIO(page.request.get(page.url + "mask.png").body())))
    assert mask.shape == (256, 256)
    assert np.count_nonzero(mask) == findings["liver_area_px"]  # its tumours included
    assert np.count_nonzero(mask == 2) == findings["tumour_area_px"]


def change_credentials(page: Page) -> None:
    page.get_by_role("link", name="Update Profile").click()
    expect_heading(page, "Update Account Screen")
    for current, message in (
        ("not the password", "Error occurred in account updation"),
        ("admin", "Your account successfully updated"),
    ):
        page.get_by_label("New user name").fill("doctor")
        page.get_by_label("New password").fill(NEW_PASSWORD)
        page.get_by_label("Current password").fill(current)
        page.get_by_role("button", name="Update the account").click()
        expect(page.get_by_text(message)).to_be_visible()
    expect(page.get_by_text("This account still has its first password.")).to_be_hidden()
    expect(page.get_by_role("button", name="Logout")).to_be_visible()  # the session lives on
