from __future__ import annotations

import re

from TumorApp.imaging import errors


def test_every_error_of_the_uploader_has_its_own_plain_code() -> None:
    kinds = errors.SliceError.__subclasses__()
    codes = [kind.code for kind in kinds]
    assert len(set(codes)) == len(codes) >= 9
    assert errors.SliceError.code not in codes
    assert all(re.fullmatch(r"[a-z_]+", code) for code in codes)


def test_the_owners_error_is_not_the_uploaders() -> None:
    assert not issubclass(errors.ModelError, errors.SliceError)
