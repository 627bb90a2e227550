from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from tests.learning.folders import EIGHT, write_data_folder
from tests.phantoms import card, rectangle
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.segmentation import Segmenter
from TumorApp.learning.answering import answer, statements, unseen_people
from TumorApp.learning.candidates import Case
from TumorApp.learning.dataset import read_manifest

FOLDS = [["person0"], ["person1", "person3"]]


class TwoMembers:
    """A network whose first member answers 0.2 everywhere and whose second 0.8."""

    def get_inputs(self) -> list[SimpleNamespace]:
        return [SimpleNamespace(name="slice")]

    def run(self, outputs: None, given: dict[str, np.ndarray]) -> list[np.ndarray]:
        return [np.broadcast_to(np.float32([0.2, 0.2, 0.8, 0.8]), (*given["slice"].shape[:3], 4))]


def test_every_person_is_answered_by_the_member_that_never_saw_them(tmp_path: Path) -> None:
    records = read_manifest(write_data_folder(tmp_path / "data", EIGHT))
    segmenter = Segmenter(card(input_size=32, members=2, training={"folds": FOLDS}), "0" * 64, TwoMembers())
    told: list[int] = []
    cases = answer(records, segmenter, told.append)
    assert {(case.person, case.group, int(case.answer.min()), int(case.answer.max())) for case in cases} == {
        ("person0", 0, 51, 51),
        ("person1", 1, 204, 204),
        ("person3", 1, 204, 204),
    }
    assert told == [1, 2, 3, 4, 5, 6]
    outlined = {case.person: case.tumour is not None for case in cases}
    assert outlined == {"person0": True, "person1": True, "person3": False}
    assert all(case.liver.shape == (32, 32) and case.liver.any() for case in cases)


def test_who_can_serve_for_a_choice() -> None:
    assert unseen_people(card(members=2, training={"folds": FOLDS})) == (
        {"person0": 0, "person1": 1, "person3": 1},
        True,
    )
    held = {"people_held_out": ["e", "d", "c", "b", "a"]}
    assert unseen_people(card(training=held)) == ({"a": 0, "b": 1, "c": 2, "d": 3, "e": 0}, False)
    judges = {"foundation": ["w", "t"], "network": ["x", "y", "z"]}
    both = {**held, "people": ["t", "u"], "people_of_validation": judges}
    assert set(unseen_people(card(training=both))[0]) == {"w", "x", "y", "z"}


@pytest.mark.parametrize("training", [{}, {"people_held_out": ["a", "b", "c"]}, {"folds": FOLDS}])
def test_a_card_without_such_people_is_refused(training: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="names"):
        unseen_people(card(training=training))


def test_a_folder_without_such_people_is_refused(tmp_path: Path) -> None:
    records = read_manifest(write_data_folder(tmp_path / "data", EIGHT))
    segmenter = Segmenter(card(members=2, training={"folds": [["x"], ["y"]]}), "0" * 64, TwoMembers())
    with pytest.raises(ModelError, match="no slice"):
        answer(records, segmenter)


def test_statements_by_hand() -> None:
    """Three regions: one on the tumour, one beside it, one too small; and a slice whose labels say nothing."""
    grid = (32, 32)
    liver, true = rectangle(grid, 4, 4, 20, 20), rectangle(grid, 6, 6, 4, 4)
    values = np.zeros(grid, np.uint8)
    values[rectangle(grid, 8, 8, 3, 3)] = 204
    values[rectangle(grid, 16, 16, 3, 3)] = 153
    values[28, 28] = 255
    case = Case("a", 3, np.stack([liver.astype(np.uint8) * np.uint8(255), values]), liver, true)
    unknown = Case("b", 1, case.answer, liver, None)
    lesions, slices = statements([case, unknown], card(input_size=32, smallest_lesion_px=9))
    assert lesions.stated.tolist() == pytest.approx([0.8, 0.6])
    assert lesions.right.tolist() == [True, False]
    assert (lesions.people.tolist(), lesions.groups.tolist()) == (["a", "a"], [3, 3])
    assert slices.stated.tolist() == pytest.approx([(1 + 8 * 0.8) / 9])
    assert slices.right.tolist() == [True]
