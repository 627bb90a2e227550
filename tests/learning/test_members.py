"""Who is trained on in which training. What the trainings leave is tested by the pipeline."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.learning.folders import EIGHT, write_data_folder
from TumorApp.learning import members as members_module
from TumorApp.learning.builders import network_module
from TumorApp.learning.dataset import DataFolderError, Record, people_of, read_manifest
from TumorApp.learning.members import MEMBER_SEEDS, Split, train_members
from TumorApp.learning.plans import Phase, Plan
from TumorApp.learning.training import Training

pytestmark = pytest.mark.usefixtures("narrow_networks")

PLAN = Plan("dilated_unet", phases=(Phase(32, 32, 1, 1e-3),), foundation=(Phase(32, 32, 2, 1e-3),), steps=1)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> list[Record]:
    return read_manifest(write_data_folder(tmp_path_factory.mktemp("folder") / "data", EIGHT))


@pytest.fixture
def trainings(monkeypatch: pytest.MonkeyPatch) -> list[Training]:
    """The trainings that are asked for, in order; none is carried out."""
    asked: list[Training] = []

    def note(training: Training, *, verbose: int) -> object:
        asked.append(training)
        return network_module("dilated_unet").build(channels=2, size=32)

    monkeypatch.setattr(members_module, "train_network", note)
    return asked


def test_each_member_is_trained_without_its_own_fold(
    records: list[Record], trainings: list[Training], tmp_path: Path
) -> None:
    trained = train_members(records, PLAN, Split(hold_out=0, folds=3), tmp_path)
    foundation, *members = trainings
    folds = trained.training["folds"]
    assert sorted(person for fold in folds for person in fold) == ["person0", "person1", "person2"]
    assert people_of(foundation.records) == ("person3",)
    for number, (fold, member) in enumerate(zip(folds, members, strict=True)):
        assert set(people_of(member.records)) == {"person0", "person1", "person2", "person3"} - set(fold)
        assert member.plan.seed == PLAN.seed + (number + 1) * MEMBER_SEEDS
        assert member.folder.name == f"member{number}"
        assert member.start is not None
    assert foundation.plan.phases == PLAN.foundation
    assert members[0].plan.phases == PLAN.phases
    assert trained.training["people"] == ["person0", "person1", "person2", "person3"]
    assert (trained.training["slices"], trained.training["people_held_out"]) == (8, [])


def test_where_everybody_is_outlined_each_member_lays_its_own_foundation(
    records: list[Record], trainings: list[Training], tmp_path: Path
) -> None:
    outlined = [record for record in records if record.labels == "liver+tumour"]
    train_members(outlined, PLAN, Split(hold_out=0, folds=3), tmp_path)
    assert len(trainings) == 3
    for training in trainings:
        assert training.plan.phases == (*PLAN.foundation, *PLAN.phases)
        assert training.start is None


def test_nobody_is_on_two_sides(records: list[Record], trainings: list[Training], tmp_path: Path) -> None:
    trained = train_members(records, adapted(PLAN), Split(hold_out=0.3, validation=0.3), tmp_path)
    (network,) = trainings
    sides = [set(people_of(network.records)), set(people_of(network.validation))]
    sides.append(set(trained.training["people_held_out"]))
    assert all(sides)
    assert sum(len(side) for side in sides) == len(set().union(*sides)) == 4
    assert trained.training["people_of_validation"] == {"network": sorted(sides[1])}
    assert "folds" not in trained.training


def adapted(plan: Plan) -> Plan:
    return Plan(plan.network, plan.phases, steps=1)


def test_people_can_be_held_out_one_way_only() -> None:
    with pytest.raises(ValueError, match="held out once"):
        Split(hold_out=0.2, folds=4)


@pytest.mark.parametrize("split", [Split(hold_out=1.0), Split(hold_out=0.0, validation=1.0)])
def test_somebody_must_be_left(split: Split, records: list[Record], trainings: list[Training], tmp_path: Path) -> None:
    with pytest.raises(DataFolderError, match="left to train"):
        train_members(records, PLAN, split, tmp_path / "run")
    assert trainings == []
    assert not (tmp_path / "run").exists()
