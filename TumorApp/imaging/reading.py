"""Bytes to a ``CTSlice``: the only place that asks what kind of file something is."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from TumorApp.imaging.errors import (
    BrokenFileError,
    EmptyFileError,
    FileTooLargeError,
    NotAPictureError,
    SeveralFramesError,
    SliceTooLargeError,
    SliceTooSmallError,
    UnsupportedFormatError,
)
from TumorApp.imaging.records import CTSlice, Float32

MAX_BYTES = 20 * 1024 * 1024
MAX_SIDE_PX = 4096
MIN_SIDE_PX = 32
"""Below a quarter of the network grid nothing that the size rule counts (over 6 of 128 pixels) could be seen."""

FORMATS = ("PNG", "JPEG")
COLOUR_TOLERANCE = 12
"""Grey levels by which channels may differ, as JPEG makes them, before a picture counts as coloured."""
COLOUR_SHARE = 0.01
"""Share of pixels beyond the tolerance from which the reader is told; single coloured pixels are codec noise."""
BIT_DEPTHS = (8, 10, 12, 16)
"""Depths in which CT pictures are exported; 16-bit files often hold 12 bits or fewer."""


def read_slice(content: bytes, name: str) -> CTSlice:
    """Read one slice from the bytes of a PNG or JPEG file.

    The header is read and its size checked before a pixel is decoded, for a small file can declare a huge picture.

    Args:
        content: The whole file.
        name: Its name, used to recognise formats that have no signature and never as a path.

    Returns:
        The slice as grey 0..255, turned as its EXIF orientation says, transparency laid on black.

    Raises:
        SliceError: One of its subclasses, each with a code and a sentence for the uploader.
    """
    if not content:
        raise EmptyFileError("The file is empty. Choose the slice again; the export or copy may have failed.")
    if len(content) > MAX_BYTES:
        raise FileTooLargeError(
            f"The file has {len(content) / 1024**2:.1f} MB; at most {MAX_BYTES // 1024**2} MB are accepted. "
            "Upload a single slice, not a whole study."
        )
    picture = _open(content, name)
    _check_size(*picture.size)
    if getattr(picture, "n_frames", 1) > 1:
        raise SeveralFramesError("The file holds several pictures. Export the one slice to be analysed.")
    try:
        picture.load()
        upright = ImageOps.exif_transpose(picture)
        grey, warnings = _grey(upright)
    except (OSError, ValueError, SyntaxError, IndexError) as error:
        # Pillow's decoders report damage by any of these, depending on where in the file it lies.
        raise _broken() from error
    return CTSlice(grey=grey, file_format=str(picture.format), warnings=warnings)


def _open(content: bytes, name: str) -> Image.Image:
    """Read the header only; the pixels stay undecoded."""
    try:
        return Image.open(io.BytesIO(content), formats=FORMATS)
    except UnidentifiedImageError:
        pass
    except Image.DecompressionBombError as error:
        raise SliceTooLargeError(
            f"The picture declares far more than {MAX_SIDE_PX}×{MAX_SIDE_PX} pixels, the most that is accepted. "
            "Export the slice at its original size, usually 512×512."
        ) from error
    except (OSError, ValueError, SyntaxError, IndexError) as error:
        raise _broken() from error
    kind = _foreign_kind(content, name)
    if kind:
        raise UnsupportedFormatError(f"This is a {kind} file, which is not read yet. Export the slice as PNG or JPEG.")
    if content.startswith((b"\x89PNG", b"\xff\xd8")):
        raise _broken()
    raise NotAPictureError("The file is not a picture. Upload a CT slice as PNG or JPEG.")


def _broken() -> BrokenFileError:
    return BrokenFileError("The picture is damaged or incomplete. Export or copy the slice again, then upload it.")


SIGNATURES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("DICOM", lambda content: content[128:132] == b"DICM"),
    ("NIfTI", lambda content: content[344:348] in (b"n+1\0", b"ni1\0") or content[4:12] == b"n+2\0\r\n\x1a\n"),
    ("GIF", lambda content: content[:4] == b"GIF8"),
    ("BMP", lambda content: content[:2] == b"BM"),
    ("TIFF", lambda content: content[:4] in (b"II*\0", b"MM\0*")),
    ("WebP", lambda content: content[:4] == b"RIFF" and content[8:12] == b"WEBP"),
    ("PDF", lambda content: content[:5] == b"%PDF-"),
    ("zip", lambda content: content[:4] == b"PK\3\4"),
)
ENDINGS = ((".dcm", "DICOM"), (".dicom", "DICOM"), (".nii", "NIfTI"), (".nii.gz", "NIfTI"))


def _foreign_kind(content: bytes, name: str) -> str | None:
    """Name the known kind of file that this is, by its signature, else by its ending."""
    for kind, matches in SIGNATURES:
        if matches(content):
            return kind
    return next((kind for ending, kind in ENDINGS if name.lower().endswith(ending)), None)


def _check_size(width: int, height: int) -> None:
    if max(width, height) > MAX_SIDE_PX:
        raise SliceTooLargeError(
            f"The picture has {width}×{height} pixels; at most {MAX_SIDE_PX}×{MAX_SIDE_PX} are accepted. "
            "Export the slice at its original size, usually 512×512."
        )
    if min(width, height) < MIN_SIDE_PX:
        raise SliceTooSmallError(
            f"The picture has {width}×{height} pixels; at least {MIN_SIDE_PX}×{MIN_SIDE_PX} are needed. "
            "Export the slice at its original size, usually 512×512."
        )


def _grey(picture: Image.Image) -> tuple[Float32, tuple[str, ...]]:
    """Bring any Pillow mode to ``(H, W) float32`` grey 0..255, with sentences about what that took."""
    if picture.mode.startswith("I"):
        return _grey_from_deep(np.asarray(picture))
    if picture.mode in ("1", "L"):
        return np.asarray(picture.convert("L"), dtype=np.float32), ()
    on_black = Image.new("RGBA", picture.size, (0, 0, 0, 255))
    on_black.alpha_composite(picture.convert("RGBA"))
    rgb = np.asarray(on_black)[..., :3]
    spread = rgb.max(axis=-1).astype(np.int16) - rgb.min(axis=-1)
    grey = np.asarray(on_black.convert("L"), dtype=np.float32)
    if np.mean(spread > COLOUR_TOLERANCE) > COLOUR_SHARE:
        return grey, ("The picture has colours; only its brightness was analysed. CT slices are grey.",)
    return grey, ()


def _grey_from_deep(values: np.ndarray) -> tuple[Float32, tuple[str, ...]]:
    """Scale a picture of more than 8 bits by the smallest usual depth that holds its brightest pixel.

    A 16-bit file with 12-bit content scaled by 65535 would be nearly black.
    """
    brightest = int(values.max())
    depth = next(bits for bits in BIT_DEPTHS if brightest < 2**bits)
    grey = (values.astype(np.float32) * np.float32(255 / (2**depth - 1))).clip(0, 255)
    if depth == max(BIT_DEPTHS):
        return grey, ()
    return grey, (f"The 16-bit picture uses only {depth} bits; its brightness was scaled to them.",)
