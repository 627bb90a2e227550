from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from tests.phantoms import encoded, phantom_bytes
from TumorApp.imaging import errors
from TumorApp.imaging.reading import MAX_BYTES, read_slice

RAMP = np.arange(64 * 48, dtype=np.uint16).reshape(64, 48)
GREY = (RAMP % 256).astype(np.uint8)


def read(content: bytes, name: str = "slice.png") -> np.ndarray:
    return read_slice(content, name).grey


def test_grey_png_is_read_exactly() -> None:
    ct_slice = read_slice(encoded(GREY), "slice.png")
    np.testing.assert_array_equal(ct_slice.grey, GREY)
    assert ct_slice.grey.dtype == np.float32
    assert (ct_slice.file_format, ct_slice.spacing_mm, ct_slice.warnings) == ("PNG", None, ())
    assert ct_slice.shape == (64, 48)


def test_jpeg_is_read_nearly() -> None:
    smooth = np.tile(np.linspace(0, 255, 64), (64, 1)).astype(np.uint8)
    assert np.abs(read(encoded(smooth, "JPEG", quality=95), "slice.jpg") - smooth).max() < 6


def test_sixteen_bits_equal_eight_bits() -> None:
    deep = encoded(GREY.astype(np.uint16) * 257)
    np.testing.assert_allclose(read(deep), GREY, atol=1e-3)


def test_twelve_bits_in_a_sixteen_bit_file_are_not_nearly_black() -> None:
    content = encoded((GREY.astype(np.uint16) * 16 + 15).clip(0, 4095))
    ct_slice = read_slice(content, "slice.png")
    np.testing.assert_allclose(ct_slice.grey, GREY, atol=1.1)
    assert "12 bits" in ct_slice.warnings[0]


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "LA"])
def test_grey_in_colour_modes_stays_grey(mode: str) -> None:
    ct_slice = read_slice(encoded(Image.fromarray(GREY).convert(mode)), "slice.png")
    np.testing.assert_allclose(ct_slice.grey, GREY, atol=1)
    assert ct_slice.warnings == ()


def test_cmyk_jpeg_is_read() -> None:
    flat = np.full((40, 40), 128, np.uint8)
    assert abs(read(encoded(Image.fromarray(flat).convert("CMYK"), "JPEG")).mean() - 128) < 3


def test_coloured_picture_warns() -> None:
    colours = np.zeros((40, 40, 3), np.uint8)
    colours[..., 0] = 200
    assert "colours" in read_slice(encoded(colours), "photo.png").warnings[0]


def test_transparent_is_laid_on_black() -> None:
    rgba = np.full((40, 40, 4), 255, np.uint8)
    rgba[:20, :, 3] = 0
    grey = read(encoded(rgba))
    assert (grey[:20] == 0).all()
    assert (grey[20:] == 255).all()


def test_exif_orientation_is_applied() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise to be upright
    grey = read(encoded(Image.fromarray(GREY), "PNG", exif=exif))
    np.testing.assert_array_equal(grey, np.rot90(GREY, -1))


def declared_png(width: int, height: int) -> bytes:
    """A tiny file whose header declares a picture of any size."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def nifti() -> bytes:
    return struct.pack("<i", 348) + b"\0" * 340 + b"n+1\0" + b"\0" * 100


@pytest.mark.parametrize(
    ("content", "name", "error", "says"),
    [
        (b"", "slice.png", errors.EmptyFileError, "empty"),
        (b"x" * (MAX_BYTES + 1), "slice.png", errors.FileTooLargeError, "20 MB"),
        (b"hello", "notes.txt", errors.NotAPictureError, "not a picture"),
        (b"<svg/>", "slice.png", errors.NotAPictureError, "PNG or JPEG"),
        (b"\0" * 128 + b"DICM" + b"\0" * 100, "anything", errors.UnsupportedFormatError, "DICOM"),
        (b"headless", "slice.dcm", errors.UnsupportedFormatError, "DICOM"),
        (nifti(), "slice.png", errors.UnsupportedFormatError, "NIfTI"),
        (b"\x1f\x8b\x08" + b"\0" * 40, "volume.nii.gz", errors.UnsupportedFormatError, "NIfTI"),
        (b"GIF89a" + b"\0" * 40, "slice.gif", errors.UnsupportedFormatError, "GIF"),
        (b"%PDF-1.7", "report.pdf", errors.UnsupportedFormatError, "PDF"),
        (phantom_bytes()[:2000], "slice.png", errors.BrokenFileError, "damaged"),
        (phantom_bytes()[:20], "slice.png", errors.BrokenFileError, "damaged"),
        (b"\xff\xd8\xff\xe0", "slice.jpg", errors.BrokenFileError, "damaged"),
        (declared_png(20000, 20000), "bomb.png", errors.SliceTooLargeError, "4096×4096"),
        (declared_png(8000, 8000), "large.png", errors.SliceTooLargeError, "8000×8000"),
        (declared_png(4097, 100), "wide.png", errors.SliceTooLargeError, "4096"),
        (declared_png(100, 8), "thin.png", errors.SliceTooSmallError, "100×8"),
    ],
)
def test_bad_files_are_refused_with_a_reason(
    content: bytes, name: str, error: type[errors.SliceError], says: str
) -> None:
    with pytest.raises(error, match=says):
        read_slice(content, name)


def test_animated_png_is_refused() -> None:
    frames = [Image.fromarray(GREY), Image.fromarray(255 - GREY)]
    content = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:])
    with pytest.raises(errors.SeveralFramesError):
        read_slice(content, "slice.png")


def test_the_largest_slice_is_accepted() -> None:
    assert read(encoded(np.zeros((4096, 4096), np.uint8))).shape == (4096, 4096)
