from __future__ import annotations

from pathlib import Path

import pytest

from tests.learning.folders import write_data_folder
from TumorApp.learning.dataset import Record, people_of, read_labels, read_manifest
from TumorApp.learning.splitting import folds, hold_out

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


def outlined(tmp_path: Path, people: int = 9) -> list[Record]:
    rows = [(f"p{person}-{number}", f"p{person}", "liver+tumour") for person in range(people) for number in range(2)]
    rows.append(("extra", "liver-only", "liver"))
    return read_manifest(write_data_folder(tmp_path / "data", rows))


def test_folds_deal_each_outlined_person_once(tmp_path: Path) -> None:
    records = outlined(tmp_path)
    dealt = folds(records, 4, 0)
    people = [person for fold in dealt for person in fold]
    assert sorted(people) == [f"p{person}" for person in range(9)]
    assert sorted(len(fold) for fold in dealt) == [2, 2, 2, 3]
    assert dealt == folds(records, 4, 0)
    assert any(dealt != folds(records, 4, seed) for seed in range(1, 5))


def test_folds_share_the_largest_tumours_out(tmp_path: Path) -> None:
    records = outlined(tmp_path, people=8)
    pixels = {person: sum(int((read_labels(r) == 2).sum()) for r in records if r.patient == person)
              for person in people_of(records)}  # fmt: skip
    largest = sorted(pixels, key=lambda person: (-pixels[person], person))[:4]
    assert all(len(set(fold) & set(largest)) == 1 for fold in folds(records, 4, 1))


@pytest.mark.parametrize("count", [1, 10])
def test_folds_need_people(tmp_path: Path, count: int) -> None:
    with pytest.raises(ValueError, match="9 people"):
        folds(outlined(tmp_path), count, 0)
