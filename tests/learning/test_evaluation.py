from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.learning.folders import write_data_folder
from tests.learning.scored import answer
from tests.phantoms import card
from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.records import Analysis
from TumorApp.imaging.segmentation import load_segmenter
from TumorApp.learning import evaluation
from TumorApp.learning.changes import CHANGES
from TumorApp.learning.dataset import DataFolderError, read_grey, read_labels, read_manifest
from TumorApp.learning.evaluation import evaluate, held_out_members

MODEL = Path(__file__).parents[2] / "model" / "dilated_unet"
ROWS = [("a1", "a", "liver+tumour"), ("a2", "a", "liver+tumour"), ("b1", "b", "liver"), ("c1", "c", "tumour")]
KEPT_FOR_PAGES = {
    "liver": {"people", "dice_pooled", "dice_by_person", "dice_by_slice", "person_dice"},
    "tumour": {"people", "dice_pooled", "dice_by_person", "dice_by_slice", "person_dice"},
    "tumour_by_slice": {"found", "missed", "clean", "wrongly_marked"},
}
"""Names under which the result page, the documentation and older cards look figures up."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = write_data_folder(tmp_path / "data", ROWS)
    empty = read_labels(read_manifest(folder)[1]).clip(0, 1)
    Image.fromarray(empty).save(folder / "masks" / "a2.png")
    return folder


@pytest.fixture
def answers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Labels that the network is made to answer, by slice; the truth unless a test changes them."""
    labels = {f"{record.name}.png": read_labels(record) for record in read_manifest(folder)}
    monkeypatch.setattr(evaluation, "analyse", lambda content, name, segmenter: answer(labels[name], seconds=0.5))
    return labels


def test_the_truth_scores_one(folder: Path, answers: dict[str, np.ndarray]) -> None:
    scores = evaluate(read_manifest(folder), MODEL)
    for structure in ("liver", "tumour"):
        assert scores[structure]["dice_pooled"] == scores[structure]["dice_by_person"] == 1
    assert scores["tumour_by_slice"] == {"found": 2, "missed": 0, "clean": 1, "wrongly_marked": 0}
    assert scores["lesions"]["iou_above_half"]["f1"] == 1
    assert scores["tumour_burden"]["mean_absolute_error_points"] == 0
    assert scores["seconds_a_slice"] == scores["seconds_a_slice_95"] == 0.5
    assert (scores["change"], scores["cross_validated"]) == (None, False)


def test_names_that_others_look_up_are_kept(folder: Path, answers: dict[str, np.ndarray]) -> None:
    scores = evaluate(read_manifest(folder), MODEL)
    for name, keys in KEPT_FOR_PAGES.items():
        assert keys <= set(scores[name])
    assert set(scores["tumour_by_slice"]) == KEPT_FOR_PAGES["tumour_by_slice"]  # the page adds them all up
    assert (scores["slices"], scores["people"]) == (4, 3)


def test_what_does_not_exist_is_null_in_json(folder: Path, answers: dict[str, np.ndarray]) -> None:
    nothing_of_tumours = [record for record in read_manifest(folder) if record.patient == "b"]
    scores = evaluate(nothing_of_tumours, MODEL)
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert scores["tumour"]["dice_pooled"] is None
    assert scores["slice_level"]["area_under_curve"] is None


def test_each_structure_counts_only_where_it_is_labelled(folder: Path, answers: dict[str, np.ndarray]) -> None:
    answers["b1.png"] = np.where(answers["b1.png"] == 1, 2, 0).astype(np.uint8)  # tumour, where nobody outlined it
    answers["c1.png"] = np.where(answers["c1.png"] == 2, 2, 0).astype(np.uint8)  # no liver, where nobody outlined it
    scores = evaluate(read_manifest(folder), MODEL)
    assert (scores["liver"]["slices"], scores["tumour"]["slices"]) == (3, 3)
    assert scores["liver"]["dice_pooled"] == scores["tumour"]["dice_pooled"] == 1
    assert scores["tumour_burden"]["people"] == 1


def test_empty_masks_are_counted_apart_and_never_as_one(folder: Path, answers: dict[str, np.ndarray]) -> None:
    answers["a1.png"] = answers["a1.png"].clip(0, 1)
    scores = evaluate([r for r in read_manifest(folder) if r.patient == "a"], MODEL)
    assert scores["tumour"]["both_empty_slices"] == 1
    assert scores["tumour"]["dice_by_slice"] == 0
    assert scores["tumour"]["precision_pooled"] is None
    assert scores["tumour_by_slice"] == {"found": 0, "missed": 1, "clean": 1, "wrongly_marked": 0}


def test_people_weigh_alike(folder: Path, answers: dict[str, np.ndarray]) -> None:
    answers["c1.png"] = answers["c1.png"].clip(0, 1)
    tumour = evaluate(read_manifest(folder), MODEL)["tumour"]
    assert tumour["person_dice"] == {"a": 1, "c": 0}
    assert tumour["dice_by_person"] == 0.5


def test_a_spacing_in_the_manifest_gives_distances(folder: Path, answers: dict[str, np.ndarray]) -> None:
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "patient", "labels", "spacing_mm"))
        writer.writerows([(*ROWS[0], "0.5 2.0"), (*ROWS[1], "")])
    answers["a1.png"] = np.roll(answers["a1.png"], 1, axis=0)
    surface = evaluate(read_manifest(folder), MODEL)["tumour"]["surface"]
    assert (surface["measured_slices"], surface["without_spacing_slices"]) == (1, 1)
    assert surface["hausdorff_mm_pooled"] == 0.5  # one row


def test_the_real_network_is_what_is_scored(folder: Path) -> None:
    done: list[int] = []
    scores = evaluate(read_manifest(folder)[:2], MODEL, done.append)
    assert scores["slices"] == 2
    assert done == [1, 2]
    assert load_segmenter(MODEL).card.name == "dilated_unet"
    assert 0 < scores["seconds_a_slice"] <= scores["seconds_a_slice_95"]


def test_nothing_to_score_is_named() -> None:
    with pytest.raises(DataFolderError, match="No slice is left"):
        evaluate([], MODEL)


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_slice_is_analysed_as_an_upload_with_its_changed_truth(
    change: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = read_manifest(folder)[0]
    uploads: list[np.ndarray] = []

    def look(content: bytes, name: str, segmenter: object) -> Analysis:
        picture = Image.open(io.BytesIO(content))
        assert (picture.format, picture.mode, name) == ("PNG", "L", "a1.png")
        uploads.append(np.asarray(picture))
        return answer(read_labels(record))

    monkeypatch.setattr(evaluation, "analyse", look)
    scores = evaluate([record], MODEL, change=change)
    evaluate([record], MODEL, change=change)
    assert scores["change"] == change
    assert not np.array_equal(uploads[0], read_grey(record))
    assert np.array_equal(uploads[0], uploads[1])  # chance is seeded
    moves = change in ("turned", "mirrored")
    assert (scores["liver"]["dice_pooled"] < 1) == moves


def test_each_slice_has_its_own_noise(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    noise: list[np.ndarray] = []
    records = read_manifest(folder)

    def draw(name: str, grey: np.ndarray, labels: np.ndarray, record: object, rng: np.random.Generator) -> tuple:
        noise.append(rng.normal(size=3))
        return grey, labels

    monkeypatch.setattr(evaluation, "apply_change", draw)
    monkeypatch.setattr(evaluation, "analyse", lambda *_: answer(read_labels(records[0])))
    evaluate(records[:2], MODEL, change="noise")
    evaluate(records[1:2], MODEL, change="noise")
    assert not np.array_equal(noise[0], noise[1])
    assert np.array_equal(noise[1], noise[2])  # whichever slices come before


@dataclass
class Members:
    """Stands in for a segmenter of two members and remembers who answered."""

    card: ModelCard
    member: int | None = None
    asked: list[tuple[str, int | None]] = field(default_factory=list)

    def only(self, member: int) -> Members:
        return Members(self.card, member, self.asked)


@pytest.fixture
def members(folder: Path, answers: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch) -> Members:
    found = Members(card(members=2, training={"folds": [["c"], ["a", "nobody"]]}))

    def look(content: bytes, name: str, segmenter: Members) -> Analysis:
        segmenter.asked.append((name, segmenter.member))
        return answer(answers[name])

    monkeypatch.setattr(evaluation, "load_segmenter", lambda folder: found)
    monkeypatch.setattr(evaluation, "analyse", look)
    return found


def test_each_person_is_scored_by_the_member_that_never_saw_them(folder: Path, members: Members) -> None:
    scores = evaluate(read_manifest(folder), MODEL, cross_validated=True)
    assert members.asked == [("a1.png", 1), ("a2.png", 1), ("c1.png", 0)]  # b is in no fold
    assert (scores["slices"], scores["people"], scores["cross_validated"]) == (3, 2, True)


def test_without_cross_validation_all_members_answer(folder: Path, members: Members) -> None:
    scores = evaluate(read_manifest(folder), MODEL)
    assert {member for _, member in members.asked} == {None}
    assert "folds" not in scores


def test_folds_have_mean_and_deviation(folder: Path, members: Members, answers: dict[str, np.ndarray]) -> None:
    answers["c1.png"] = answers["c1.png"].clip(0, 1)
    scores = evaluate(read_manifest(folder), MODEL, cross_validated=True)
    assert [(fold["slices"], fold["people"]) for fold in scores["folds"]] == [(1, 1), (2, 1)]
    assert [fold["tumour"]["dice_pooled"] for fold in scores["folds"]] == [0, 1]
    assert [fold["liver"]["dice_pooled"] for fold in scores["folds"]] == [None, 1]  # c's labels are of tumours alone
    assert scores["over_folds"]["tumour"]["dice_pooled"] == {"mean": 0.5, "deviation": 0.7071}
    assert scores["over_folds"]["liver"]["dice_pooled"] == {"mean": 1, "deviation": None}
    assert [fold["clean_liver_share"] for fold in scores["folds"]] == [None, 0]


@pytest.mark.parametrize("training", [{}, {"folds": []}, {"folds": [["a"]]}])
def test_a_card_must_name_a_fold_a_member(training: dict[str, object]) -> None:
    with pytest.raises(ModelError, match="folds of people for 2 members"):
        held_out_members(card(members=2, training=training))
