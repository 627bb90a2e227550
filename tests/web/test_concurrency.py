"""Many at once, through the real server over real HTTP."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from django.core.wsgi import get_wsgi_application
from PIL import Image

from tests.phantoms import encoded
from tests.web.uploads import assert_nothing_is_left, files_under
from tests.web.visitor import Answer, HTTPVisitor
from Tumor.server import Server
from TumorApp.imaging.findings import findings
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.pipeline import analyse
from TumorApp.imaging.reading import MAX_BYTES
from TumorApp.imaging.rendering import mask_png
from TumorApp.models import Account, Analysis
from TumorApp.services import analyses

pytestmark = pytest.mark.django_db(transaction=True)

VISITORS = 8


@pytest.fixture
def url(data_dir: Path) -> Iterator[str]:
    server = Server(get_wsgi_application(), "127.0.0.1", 0, threads=VISITORS)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.address[1]}"
    finally:
        server.stop()
        thread.join(timeout=30)
        assert not thread.is_alive()


def signed_in(url: str, number: int) -> HTTPVisitor:
    Account.objects.create_user(f"visitor{number}", f"a password of {number}")
    visitor = HTTPVisitor(url)
    assert f"welcome visitor{number}".encode() in visitor.sign_in(f"visitor{number}", f"a password of {number}").body
    return visitor


def picture(answer: Answer) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(answer.body)))


def test_eight_uploads_at_once_each_get_their_own_result(url: str, data_dir: Path) -> None:
    slices = [draw_phantom(seed, lesions=seed % 4).grey[: 200 + seed] for seed in range(VISITORS)]
    visitors = [signed_in(url, number) for number in range(VISITORS)]
    tokens = [visitor.token_for_upload() for visitor in visitors]
    together = threading.Barrier(VISITORS)

    def send(number: int) -> Answer:
        together.wait(timeout=30)
        name = f"slice{number}.png"
        return visitors[number].upload(encoded(slices[number]), tokens[number], name, f"Patient {number}")

    with ThreadPoolExecutor(VISITORS) as pool:
        answers = list(pool.map(send, range(VISITORS)))

    assert [answer.status for answer in answers] == [200] * VISITORS
    places = [answer.headers["Content-Location"] for answer in answers]
    assert len(set(places)) == VISITORS
    for number, (answer, place) in enumerate(zip(answers, places, strict=True)):
        page = answer.body.decode()
        assert f"Patient {number}" in page
        assert f"slice{number}.png" in page
        expected = analyse(encoded(slices[number]), f"slice{number}.png", analyses.segmenter())
        found = json.loads(visitors[number].get(f"{place}findings.json").body)
        wanted = findings(expected, f"slice{number}.png")
        assert {**found, "seconds": 0} == {**wanted, "seconds": 0}
        np.testing.assert_array_equal(picture(visitors[number].get(f"{place}slice.png")), slices[number])
        assert visitors[number].get(f"{place}mask.png").body == mask_png(expected.labels)
        assert visitors[(number + 1) % VISITORS].get(place).status == 404
    assert Analysis.objects.count() == VISITORS
    assert len(files_under(data_dir)) == 3 * VISITORS


@pytest.mark.parametrize("size", [MAX_BYTES + 1, MAX_BYTES + 30 * 1024**2])
def test_huge_upload_is_answered_with_the_page(url: str, data_dir: Path, size: int) -> None:
    visitor = signed_in(url, 0)
    answer = visitor.upload(bytes(size), visitor.token_for_upload())
    assert answer.status == 400
    assert "more than the 20 MB" in answer.body.decode()
    assert_nothing_is_left(data_dir)
    assert visitor.get("/Detection.html").status == 200


def test_default_account_is_free_on_a_loopback_server(url: str) -> None:
    visitor = HTTPVisitor(url)
    visitor.sign_in("admin", "admin")
    page = visitor.get("/Detection.html").body.decode()
    assert "Tumor Detection Screen" in page
    assert "still has its first password" in page


def test_forwarded_request_is_held_by_the_first_password(url: str) -> None:
    visitor = HTTPVisitor(url)
    visitor.sign_in("admin", "admin")
    visitor._opener.addheaders = [("X-Forwarded-For", "192.0.2.1")]
    page = visitor.get("/Detection.html").body.decode()
    assert "Update Account Screen" in page


def test_server_does_not_say_what_it_is(url: str) -> None:
    assert "Server" not in HTTPVisitor(url).get("/healthz").headers
