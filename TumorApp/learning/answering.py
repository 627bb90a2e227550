"""Asks a network about outlined slices of people whom it never saw, so that choices can be made and checked on them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import cv2
import numpy as np

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.errors import ModelError
from TumorApp.imaging.plausibility import near_liver, reaches, slice_score, without_doubtful
from TumorApp.imaging.preprocessing import prepare
from TumorApp.imaging.segmentation import Segmenter
from TumorApp.learning.calibrating import Answers
from TumorApp.learning.candidates import Case
from TumorApp.learning.dataset import Record, read_grey, read_labels, targets_of
from TumorApp.learning.evaluation import held_out_members

GROUPS = 4
"""Groups of people for checking a choice, where a model has no folds."""


def unseen_people(card: ModelCard) -> tuple[dict[str, int], bool]:
    """Return the people who can serve for a choice, with their group, and whether the groups are the folds of members.

    Raises:
        ModelError: If the card names none.
    """
    if card.training.get("folds"):
        return held_out_members(card), True
    # Who judged one stage of a training may have been trained on in another; such people are not unseen.
    judges = {person for people in card.training.get("people_of_validation", {}).values() for person in people}
    people = judges - set(card.training.get("people", ())) or card.training.get("people_held_out", ())
    if len(people) < GROUPS:
        raise ModelError(f"The card of {card.name} names fewer than {GROUPS} people that it was not trained on.")
    return {person: place % GROUPS for place, person in enumerate(sorted(people))}, False


def answer(
    records: Sequence[Record], segmenter: Segmenter, progress: Callable[[int], None] = lambda done: None
) -> list[Case]:
    """Answer the slices of people that were not trained on, each by a network that never saw them.

    Args:
        records: Of a data folder; slices of other people are left out.
        segmenter: The model.
        progress: Called with the number of slices done.

    Raises:
        ModelError: If the card names no such people, or the folder has none of them.
    """
    card = segmenter.card
    groups, crossed = unseen_people(card)
    chosen = [record for record in records if record.patient in groups]
    if not chosen:
        raise ModelError(f"The data folder has no slice of a person that {card.name} was not trained on.")
    cases = []
    for done, record in enumerate(chosen, start=1):
        group = groups[record.patient]
        answering = segmenter.only(group) if crossed else segmenter
        targets = targets_of(read_labels(record), record, card.input_size) == 1
        cases.append(
            Case(
                person=record.patient,
                group=group,
                answer=answering.probabilities(prepare(read_grey(record), card)),
                liver=targets[..., 0] if record.covers("liver") else None,
                tumour=targets[..., 1] if record.covers("tumour") else None,
            )
        )
        progress(done)
    return cases


def statements(cases: Sequence[Case], card: ModelCard) -> tuple[Answers, Answers]:
    """Return what the network says of lesions and of slices under the rules of a card, and whether it was right.

    A lesion is right where it shares a pixel with an outlined tumour, a slice where it has one.
    """
    lesions, slices = [], []
    for case in cases:
        if case.tumour is None:
            continue
        near = near_liver(case.answer, card)
        whose = (case.person, case.group)
        slices.append((slice_score(near, card), bool(case.tumour.any()), *whose))
        answered = without_doubtful(near, card)[card.channel("tumour")]
        marked = reaches(answered, card.thresholds["tumour"]).astype(np.uint8)
        count, regions = cv2.connectedComponents(marked, connectivity=8)
        total = np.bincount(regions.ravel(), answered.ravel(), minlength=count)
        area = np.bincount(regions.ravel(), minlength=count)
        hit = np.bincount(regions[case.tumour], minlength=count) > 0
        lesions += [(total[one] / area[one] / 255, bool(hit[one]), *whose) for one in range(1, count)]
    return _collected(lesions), _collected(slices)


def _collected(rows: Sequence[tuple[float, bool, str, int]]) -> Answers:
    stated, right, people, groups = zip(*rows, strict=True) if rows else ((), (), (), ())
    return Answers(
        np.array(stated, np.float64), np.array(right, np.bool_), np.array(people, np.str_), np.array(groups, np.int64)
    )
