from __future__ import annotations

import io
import logging
import struct
import tempfile
import zlib
from pathlib import Path
from unittest import mock

import numpy as np
import pytest
from django.db import IntegrityError, connection
from django.test import Client
from PIL import Image
from pytest_django import Settings

from tests.phantoms import encoded, phantom_bytes
from tests.web.uploads import assert_nothing_is_left, files_under, upload
from TumorApp.imaging import errors
from TumorApp.imaging.phantom import draw_phantom
from TumorApp.imaging.reading import MAX_BYTES, read_slice
from TumorApp.models import Analysis
from TumorApp.services import analyses

pytestmark = pytest.mark.django_db

GREY = draw_phantom(3).grey


def png_header(width: int, height: int) -> bytes:
    """A PNG file that declares this size and holds next to nothing of it."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(64))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body)) for kind, body in chunks
    )


def animation() -> bytes:
    file = io.BytesIO()
    Image.fromarray(GREY).save(file, "PNG", save_all=True, append_images=[Image.fromarray(255 - GREY)])
    return file.getvalue()


BAD_FILES = {
    errors.EmptyFileError: b"",
    errors.UnsupportedFormatError: bytes(128) + b"DICM" + bytes(100),
    errors.NotAPictureError: b"not a picture at all " * 20,
    errors.BrokenFileError: phantom_bytes()[:5000],
    errors.SliceTooLargeError: png_header(20000, 20000),
    errors.SliceTooSmallError: encoded(GREY[:8, :8]),
    errors.SeveralFramesError: animation(),
}


def test_every_reason_for_refusal_is_tried() -> None:
    elsewhere = {errors.FileTooLargeError, errors.UnreadableFileError}  # below; and of the command line, not of uploads
    assert {*BAD_FILES, *elsewhere} == set(errors.SliceError.__subclasses__())


@pytest.mark.parametrize("error", BAD_FILES, ids=lambda error: error.code)
def test_bad_file_gets_a_message_and_leaves_nothing(
    error: type[errors.SliceError], owner_client: Client, data_dir: Path
) -> None:
    with pytest.raises(error) as expected:
        read_slice(BAD_FILES[error], "slice.png")
    response = upload(owner_client, BAD_FILES[error])
    assert response.status_code == 400
    assert response.templates[0].name == "Detection.html"
    assert response.context["data"] == str(expected.value)
    assert_nothing_is_left(data_dir)


@pytest.mark.parametrize("excess", [1, 5 * 1024**2])
def test_too_large_file_gets_a_message_and_leaves_nothing(
    excess: int, owner_client: Client, data_dir: Path, settings: Settings, tmp_path: Path
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    response = upload(owner_client, bytes(MAX_BYTES + excess))
    assert response.status_code == 400
    assert "more than the 20 MB" in response.context["data"]
    assert_nothing_is_left(data_dir)
    assert list(tmp_path.glob("*.upload.*")) == []


def test_file_of_the_accepted_size_passes(owner_client: Client) -> None:
    content = phantom_bytes()
    response = upload(owner_client, content + bytes(MAX_BYTES - len(content)))
    assert response.status_code == 200


def test_missing_file_gets_a_message(owner_client: Client, data_dir: Path) -> None:
    response = owner_client.post("/DetectionAction", {"t1": "Somebody"})
    assert response.status_code == 400
    assert response.context["data"] == "Choose the slice to be analysed."
    assert "Somebody" in response.content.decode()
    assert_nothing_is_left(data_dir)


def test_overlong_reference_gets_a_message(owner_client: Client, data_dir: Path) -> None:
    response = upload(owner_client, phantom_bytes(), reference="x" * 201)
    assert response.status_code == 400
    assert "at most 200 characters" in response.context["data"]
    assert_nothing_is_left(data_dir)


DEEP = GREY.astype(np.uint16) * 257
SIDEWAYS = Image.Exif()
SIDEWAYS[0x0112] = 6


@pytest.mark.parametrize(
    ("content", "shape"),
    [
        pytest.param(encoded(DEEP), GREY.shape, id="16 bits"),
        pytest.param(encoded(np.dstack([GREY] * 3)), GREY.shape, id="colour"),
        pytest.param(encoded(np.dstack([GREY] * 3 + [np.full_like(GREY, 200)])), GREY.shape, id="alpha"),
        pytest.param(encoded(GREY, "JPEG"), GREY.shape, id="JPEG"),
        pytest.param(encoded(Image.fromarray(GREY[:200]), "JPEG", exif=SIDEWAYS), (256, 200), id="turned by EXIF"),
        pytest.param(encoded(GREY[:37, :91]), (37, 91), id="small and odd"),
        pytest.param(encoded(Image.fromarray(GREY).resize((1025, 700))), (700, 1025), id="large and odd"),
    ],
)
def test_kinds_of_pictures(content: bytes, shape: tuple[int, int], owner_client: Client) -> None:
    response = upload(owner_client, content)
    assert response.status_code == 200
    mask = Image.open(io.BytesIO(owner_client.get(f"{response['Content-Location']}mask.png").content))
    assert (mask.height, mask.width) == shape
    assert mask.mode == "L"
    assert set(np.unique(np.asarray(mask))) <= {0, 1, 2}


def test_what_is_kept(owner_client: Client, data_dir: Path) -> None:
    response = upload(owner_client, encoded(GREY), "CT 7.png", "Müller, Jürgen 🙂")
    row = Analysis.objects.get()
    assert response["Content-Location"] == f"/results/{row.pk}/"
    assert (row.owner.username, row.original_name, row.patient_reference) == ("owner", "CT 7.png", "Müller, Jürgen 🙂")
    assert row.findings["file"] == "CT 7.png"
    assert row.findings["tumour_detected"] == row.tumour_detected == bool(row.findings["lesions"])
    assert (row.findings["stage"], row.findings["model"]) == (row.stage, row.model)
    names = sorted(path.relative_to(data_dir).as_posix() for path in files_under(data_dir))
    assert names == [f"analyses/{row.pk}/{name}" for name in ("figure.png", "mask.png", "slice.png")]
    assert (data_dir / "analyses" / row.pk).stat().st_mode & 0o077 == 0
    kept = np.asarray(Image.open(data_dir / "analyses" / row.pk / "slice.png"))
    np.testing.assert_array_equal(kept, GREY)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("slice.png", "slice.png"),
        ("C:\\scans\\slice.png", "slice.png"),
        ("../../etc/passwd", "passwd"),
        ("a\x00b\nc.png", "abc.png"),
        ("/", "slice"),
        ("", "slice"),
        ("x" * 300 + ".png", "x" * 255),
        ("Leber ü.png", "Leber ü.png"),
    ],
)
def test_original_name_is_cleaned(given: str, kept: str) -> None:
    assert analyses.clean_name(given) == kept


def test_no_patient_in_logs_or_file_names(
    owner_client: Client, data_dir: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        upload(owner_client, phantom_bytes(), "Doe_Jane.png", "Doe, Jane")
        upload(owner_client, b"", "Doe_Jane.png", "Doe, Jane")
    assert "Doe" not in caplog.text
    assert all("Doe" not in str(path) for path in files_under(data_dir))


def test_failing_database_leaves_no_files(owner_client: Client, data_dir: Path) -> None:
    def refuse_insert(execute, sql, params, many, context):
        if sql.startswith("INSERT INTO") and "findings_json" in sql:
            raise IntegrityError("refused by the test")
        return execute(sql, params, many, context)

    with connection.execute_wrapper(refuse_insert), pytest.raises(IntegrityError, match="refused by the test"):
        upload(owner_client, phantom_bytes())
    assert_nothing_is_left(data_dir)


def test_failing_storage_leaves_no_row(owner_client: Client, data_dir: Path) -> None:
    with mock.patch.object(Path, "rename", side_effect=OSError(28, "No space left on device")):
        owner_client.raise_request_exception = False
        assert upload(owner_client, phantom_bytes()).status_code == 500
    assert_nothing_is_left(data_dir)
    assert list((data_dir / "analyses").iterdir()) == []


def test_missing_network_is_told(owner_client: Client, data_dir: Path, settings: Settings, tmp_path: Path) -> None:
    settings.MODEL_DIR = tmp_path / "nowhere"
    for response in (upload(owner_client, phantom_bytes()), owner_client.post("/PhantomAction")):
        assert response.status_code == 503
        assert "network of this installation is not ready" in response.context["data"]
        assert str(tmp_path) not in response.content.decode()
    assert_nothing_is_left(data_dir)


def test_phantom_can_be_tried_with_one_click(owner_client: Client) -> None:
    response = owner_client.post("/PhantomAction")
    assert response.status_code == 200
    assert response.templates[0].name == "ViewResult.html"
    row = Analysis.objects.get()
    assert response["Content-Location"] == f"/results/{row.pk}/"
    assert row.findings["liver_area_px"] >= 0


def test_phantom_can_be_downloaded_and_uploaded(owner_client: Client) -> None:
    response = owner_client.get("/phantom.png")
    assert response["Content-Type"] == "image/png"
    assert response["Content-Disposition"] == 'attachment; filename="phantom.png"'
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(response.content))), draw_phantom().grey)
    assert upload(owner_client, response.content).status_code == 200


def test_nothing_stays_in_the_temporary_folder(owner_client: Client) -> None:
    before = set(Path(tempfile.gettempdir()).glob("*.upload.*"))
    upload(owner_client, phantom_bytes() + bytes(5 * 1024**2))
    assert set(Path(tempfile.gettempdir()).glob("*.upload.*")) <= before
