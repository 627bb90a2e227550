"""Splits by patient: slices of one person are neighbours and alike, so no person may be on two sides."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from TumorApp.imaging.records import TUMOUR
from TumorApp.learning.dataset import Record, people_of, read_labels


def hold_out(records: Sequence[Record], share: float, seed: int) -> tuple[list[Record], list[Record]]:
    """Split records into those to train on and those of people whom training never sees.

    People whose tumours are outlined are few, so they and all others are drawn separately, each by the share rounded
    up.

    Args:
        records: Of one or more data folders.
        share: Of the people of each group to hold out, 0..1; 0 holds out nobody.
        seed: Chooses the people; the same seed chooses the same.

    Returns:
        The records to train on, and those held out.
    """
    with_tumours = people_of(record for record in records if record.labels == "liver+tumour")
    others = sorted(set(people_of(records)) - set(with_tumours))
    rng = np.random.default_rng(seed)
    held: set[str] = set()
    for group in (list(with_tumours), others):
        rng.shuffle(group)
        held.update(group[: math.ceil(share * len(group))])
    training = [record for record in records if record.patient not in held]
    return training, [record for record in records if record.patient in held]


def folds(records: Sequence[Record], count: int, seed: int) -> list[list[str]]:
    """Deal the people whose liver and tumours are outlined into folds, each person into one.

    A few people give most tumour pixels. They are dealt first, one into each fold, then the next ones, so that every
    fold is left with large and small tumours to train on.

    Args:
        records: Of one or more data folders.
        count: Of folds.
        seed: Decides who of each round goes into which fold.

    Returns:
        The people of each fold, sorted.

    Raises:
        ValueError: If there are fewer such people than folds, or fewer than two folds.
    """
    pixels: Counter[str] = Counter()
    for record in records:
        if record.labels == "liver+tumour":
            pixels[record.patient] += int((read_labels(record) == TUMOUR).sum())
    if not 2 <= count <= len(pixels):
        raise ValueError(f"{len(pixels)} people have liver and tumours outlined; {count} folds cannot be made of them.")
    dealt: list[list[str]] = [[] for _ in range(count)]
    rng = np.random.default_rng(seed)
    people = sorted(pixels, key=lambda person: (-pixels[person], person))
    for start in range(0, len(people), count):
        for person, fold in zip(people[start : start + count], rng.permutation(count), strict=False):
            dealt[fold].append(person)
    return [sorted(fold) for fold in dealt]
