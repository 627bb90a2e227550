from __future__ import annotations

from pathlib import Path

import pytest

from TumorApp.learning.dataset import Record, people_of
from TumorApp.learning.splitting import hold_out

RECORDS = [
    Record(f"{person}-{number}", f"person{person}", "liver+tumour" if person < 10 else "liver", Path())
    for person in range(40)
    for number in range(3)
]


@pytest.mark.parametrize("seed", range(5))
def test_nobody_is_on_both_sides_and_nothing_is_lost(seed: int) -> None:
    training, held = hold_out(RECORDS, 0.2, seed)
    assert not set(people_of(training)) & set(people_of(held))
    assert sorted(r.name for r in training + held) == sorted(r.name for r in RECORDS)


def test_both_groups_of_people_give_their_share() -> None:
    _, held = hold_out(RECORDS, 0.2, 0)
    assert len(people_of(r for r in held if r.labels == "liver+tumour")) == 2
    assert len(people_of(r for r in held if r.labels == "liver")) == 6


def test_the_seed_decides() -> None:
    first, again, other = (people_of(hold_out(RECORDS, 0.2, seed)[1]) for seed in (1, 1, 2))
    assert first == again != other


def test_a_share_of_nothing_holds_out_nobody() -> None:
    assert hold_out(RECORDS, 0, 0) == (RECORDS, [])
