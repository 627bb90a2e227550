"""What can go wrong: the uploader's errors, which they can mend, and the owner's, which the installation's owner must.

Every message is a plain sentence for a person who reads images: what is wrong, and what to do.
"""

from __future__ import annotations

from typing import ClassVar


class SliceError(Exception):
    """The uploaded file cannot be analysed; the message tells the uploader why and what to do.

    Attributes:
        code: Stable name of the reason, the same on the page, at the command line and in the API.
    """

    code: ClassVar[str] = "slice_error"


class EmptyFileError(SliceError):
    """The file holds no bytes."""

    code = "empty_file"


class FileTooLargeError(SliceError):
    """The file holds more bytes than are accepted."""

    code = "file_too_large"


class UnreadableFileError(SliceError):
    """The file system does not hand the file out."""

    code = "unreadable_file"


class UnsupportedFormatError(SliceError):
    """The file is of a known kind that is not read."""

    code = "unsupported_format"


class NotAPictureError(SliceError):
    """The file is of no kind that is known here."""

    code = "not_a_picture"


class BrokenFileError(SliceError):
    """The file says that it is a picture but cannot be decoded."""

    code = "broken_file"


class SliceTooLargeError(SliceError):
    """The picture has more pixels on a side than are accepted."""

    code = "slice_too_large"


class SliceTooSmallError(SliceError):
    """The picture has fewer pixels on a side than an analysis makes sense for."""

    code = "slice_too_small"


class SeveralFramesError(SliceError):
    """The file holds several pictures where one slice was expected."""

    code = "several_frames"


class ModelError(Exception):
    """A model folder is missing, incomplete or altered; the message tells the owner what to do."""
