from __future__ import annotations

import math

import numpy as np
import pytest

from tests.learning.scored import answer, labels, record, scored
from TumorApp.imaging.metrics import Overlap
from TumorApp.learning.dataset import DataFolderError
from TumorApp.learning.scoring import by_person, plain, plain_interval, score_slice

LIVER = (2, 2, 10, 10)


def test_a_liver_includes_its_tumours() -> None:
    one = scored(labels(LIVER), labels(LIVER, (4, 4, 3, 3)))
    assert one.overlaps["liver"] == Overlap(both=100, predicted=100, true=100, pixels=400)
    assert one.overlaps["tumour"] == Overlap(both=0, predicted=0, true=9, pixels=400)


def test_what_the_labels_do_not_cover_is_not_scored() -> None:
    found, truth = labels(LIVER, (4, 4, 3, 3)), labels(LIVER)
    liver_only = scored(found, truth, covers="liver")
    assert liver_only.overlaps.keys() == liver_only.surfaces.keys() == {"liver"}
    assert liver_only.lesions is None
    tumour_only = scored(found, truth, covers="tumour")
    assert tumour_only.overlaps.keys() == {"tumour"}
    assert tumour_only.lesions is not None


def test_distances_need_a_spacing() -> None:
    found, truth = labels(LIVER), labels((2, 5, 10, 10))
    assert scored(found, truth).surfaces == {"liver": None, "tumour": None}
    measured = scored(found, truth, spacing_mm=(0.5, 2.0)).surfaces
    assert measured["liver"] is not None
    assert measured["liver"].hausdorff_mm == pytest.approx(1.5)  # three rows of half a millimetre
    assert measured["tumour"] is None


def test_what_the_analysis_said_is_kept() -> None:
    found = labels(LIVER, (3, 3, 2, 2), (7, 7, 3, 3))
    one = scored(found, found, confidences=(0.9, 0.4), slice_score=0.8, tumour_chance=0.7, seconds=0.25)
    assert one.confidences == (0.9, 0.4)
    assert (one.slice_score, one.tumour_chance, one.seconds) == (0.8, 0.7, 0.25)


def test_a_mask_on_another_grid_is_named() -> None:
    with pytest.raises(DataFolderError, match=r"slice lie on different grids: \(20, 20\) and \(5, 5\)"):
        score_slice(record(), answer(labels(LIVER)), np.zeros((5, 5), np.uint8))


def test_people_are_sorted() -> None:
    empty = labels()
    people = by_person([scored(empty, empty, person) for person in ("b", "a", "b")])
    assert list(people) == ["a", "b"]
    assert [len(own) for own in people.values()] == [1, 2]


def test_json_knows_no_nan() -> None:
    assert plain(math.nan) is None
    assert plain(0.123456) == 0.1235
    assert plain_interval((0.123456, 0.5)) == [0.1235, 0.5]
    assert plain_interval((math.nan, math.nan)) is None
