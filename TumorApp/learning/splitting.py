"""Splits by patient: slices of one person are neighbours and alike, so no person may be on two sides."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from TumorApp.learning.dataset import Record, people_of


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
