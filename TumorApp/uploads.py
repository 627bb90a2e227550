"""How uploaded files arrive."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest

from TumorApp.imaging.reading import MAX_BYTES

CUT_OFF = "liver.upload_cut_off"


def was_cut_off(request: HttpRequest) -> bool:
    """Return whether a file in a request was larger than is accepted."""
    return bool(request.POST) and CUT_OFF in request.META  # looking at POST is what makes Django read the files


class CutOffHandler(FileUploadHandler):
    """Lets a file grow one byte past the accepted size and drops whatever follows.

    Dropping the rest bounds memory and disk, and reading on to the end lets the browser finish sending, so that it
    shows the answer and not a broken connection. The form learns of it from ``was_cut_off``: the server may have
    forgotten the end of the request, and then Django finds no complete file in it.
    """

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:
        """Hand on what still fits; ``start`` counts the bytes of the file that came before."""
        room = MAX_BYTES + 1 - start
        if len(raw_data) >= room and self.request is not None:
            self.request.META[CUT_OFF] = True
        return raw_data[:room] if room > 0 else None

    def file_complete(self, file_size: int) -> UploadedFile | None:
        """Leave the making of the file to the handlers behind this one."""
        return None
