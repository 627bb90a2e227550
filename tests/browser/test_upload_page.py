"""The upload page in a browser: without scripts, by dropping, by keyboard, on a phone, and in trouble."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.visitor import (
    RESULT_ADDRESS,
    Visitor,
    drawn_slice,
    expect_heading,
    menu,
    open_signed_in,
)

pytestmark = pytest.mark.browser

STRICT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
PAGES = ("", "AdminScreen.html", "Detection.html", "UpdateProfile.html", "results/", "no-such-page")


def choose_and_send(page: Page) -> None:
    page.get_by_label("CT slice").set_input_files(drawn_slice())
    page.get_by_label("Patient name or reference").fill("Case 7")
    page.get_by_role("button", name="Analyse the slice").click()


def expect_form_kept(page: Page) -> None:
    expect(page.get_by_label("Patient name or reference")).to_have_value("Case 7")
    assert page.get_by_label("CT slice").evaluate("input => input.files.length") == 1
    expect(page.get_by_role("button", name="Analyse the slice")).to_be_enabled()


def test_works_without_scripts(site: str, new_visitor: Callable[..., Visitor]) -> None:
    visitor = new_visitor(java_script_enabled=False)
    open_signed_in(visitor.page, site, "Detection.html")
    choose_and_send(visitor.page)
    expect(visitor.page.get_by_role("heading", name="Key facts")).to_be_visible()
    expect(visitor.page.get_by_role("main")).to_contain_text("Case 7")
    assert visitor.troubles == []


def test_phantom_is_one_click_away_under_a_strict_policy(site: str, visitor: Visitor) -> None:
    def add_policy(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        route.fulfill(response=answer, headers={**answer.headers, "content-security-policy": STRICT_POLICY})

    page = visitor.page
    open_signed_in(page, site, "AdminScreen.html")
    page.route(f"{site}/**", add_policy)
    page.goto(f"{site}/Detection.html")
    page.get_by_role("button", name="Try it with a drawn phantom slice").click()
    page.wait_for_url(RESULT_ADDRESS)
    assert page.get_by_role("figure").get_by_role("img").evaluate("image => image.naturalWidth") > 300
    assert visitor.troubles == []


def test_dropped_slice_is_taken(site: str, visitor: Visitor) -> None:
    page = visitor.page
    open_signed_in(page, site, "Detection.html")
    page.locator("#drop").evaluate(
        """(zone, picture) => {
            const bytes = Uint8Array.from(atob(picture), (letter) => letter.charCodeAt(0));
            const dataTransfer = new DataTransfer();
            dataTransfer.items.add(new File([bytes], "dropped.png", { type: "image/png" }));
            zone.dispatchEvent(new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true }));
        }""",
        base64.b64encode(drawn_slice()["buffer"]).decode(),
    )
    expect(page.locator("#chosen")).to_contain_text("dropped.png")
    page.get_by_role("button", name="Analyse the slice").click()
    page.wait_for_url(RESULT_ADDRESS)
    expect(page.get_by_role("main")).to_contain_text("dropped.png")
    assert visitor.troubles == []


def test_refused_file_gets_the_servers_message_and_keeps_the_form(site: str, visitor: Visitor) -> None:
    page = visitor.page
    open_signed_in(page, site, "Detection.html")
    text = {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"a letter, no picture"}
    page.get_by_label("Patient name or reference").fill("Case 7")
    page.get_by_label("CT slice").set_input_files(text)
    expect(page.locator("#hint")).to_contain_text("does not look like a PNG or JPEG")
    page.get_by_role("button", name="Analyse the slice").click()
    expect(page.locator("#failure")).to_be_visible()
    assert len(page.locator("#failure").inner_text()) > 20
    expect_form_kept(page)


def test_lapsed_form_token_offers_to_open_the_page_again(site: str, visitor: Visitor) -> None:
    page = visitor.page
    open_signed_in(page, site, "Detection.html")
    page.context.clear_cookies(name="csrftoken")
    choose_and_send(page)
    expect(page.locator("#failure")).to_contain_text("open too long")
    expect_form_kept(page)
    page.get_by_role("link", name="Open it again").click()
    choose_and_send(page)
    page.wait_for_url(RESULT_ADDRESS)


def test_lapsed_session_leads_to_the_sign_in_page(site: str, visitor: Visitor) -> None:
    page = visitor.page
    open_signed_in(page, site, "Detection.html")
    page.context.clear_cookies(name="sessionid")
    choose_and_send(page)
    expect(page.locator("#failure")).to_contain_text("no longer signed in")
    page.get_by_role("link", name="Sign in again").click()
    expect_heading(page, "Admin Login Screen")


def test_lost_network_offers_another_try(site: str, visitor: Visitor) -> None:
    page = visitor.page
    open_signed_in(page, site, "Detection.html")
    page.context.set_offline(True)
    choose_and_send(page)
    expect(page.locator("#failure")).to_contain_text("could not be reached")
    expect_form_kept(page)
    page.context.set_offline(False)
    page.get_by_role("button", name="Try again").click()
    page.wait_for_url(RESULT_ADDRESS)


def test_pages_fit_a_phone_and_begin_with_a_skip_link(site: str, new_visitor: Callable[..., Visitor]) -> None:
    page = new_visitor(viewport={"width": 390, "height": 844}, has_touch=True).page
    open_signed_in(page, site, "Detection.html")
    choose_and_send(page)
    page.wait_for_url(RESULT_ADDRESS)
    for path in (page.url.removeprefix(f"{site}/"), *PAGES):
        page.goto(f"{site}/{path}")
        assert page.title() == "Detection of Liver Tumors", path
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert menu(page)[-1] == "Logout", path
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.getAttribute('href')") == "#main", path
