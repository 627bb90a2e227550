from __future__ import annotations

from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from tests.phantoms import analysis
from TumorApp.imaging.records import CTSlice, Lesion, Stage


def test_a_slice_knows_its_height_and_width() -> None:
    ct_slice = CTSlice(np.zeros((30, 50), np.float32), "PNG")
    assert ct_slice.shape == (30, 50)
    assert ct_slice.spacing_mm is None


def test_a_tumour_is_detected_where_a_lesion_is_left() -> None:
    lesion = Lesion((0, 0, 9, 9), 64, None, None, 28.0, 0.0, "upper left of the picture", 0.9)
    assert analysis(lesions=(lesion,)).tumour_detected is True
    assert analysis().tumour_detected is False


def test_stages_are_written_as_the_numbers_of_the_original() -> None:
    assert [int(stage) for stage in Stage] == [1, 2, 3]


def test_records_cannot_be_changed_afterwards() -> None:
    with pytest.raises(FrozenInstanceError):
        analysis().affected_percent = 1.0  # type: ignore[misc]
