from __future__ import annotations

import json

import pytest

from TumorApp.learning.builders import NETWORKS, network_module
from TumorApp.learning.plans import Phase, Plan, adapt, plan_for
from TumorApp.learning.sampling import Mix

ONE = (Phase(64, 64, 1, 1e-3),)


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_has_a_plan_that_ends_on_its_own_grid_with_whole_slices(name: str) -> None:
    plan = plan_for(name)
    assert plan.network == name
    assert plan.input_size == plan.phases[-1].window == network_module(name).SIZE
    assert plan.inputs == network_module(name).INPUTS
    json.dumps(plan.as_values())


def test_an_unknown_network_has_none() -> None:
    with pytest.raises(ValueError, match="no network 'resnet'"):
        plan_for("resnet")


def test_new_phases_are_mixed_as_those_in_whose_place_they_come() -> None:
    plan = Plan("dilated_unet", (Phase(64, 64, 1, 1e-3, Mix(phantoms=0.5)),), foundation=ONE)
    changed = adapt(plan, phases=ONE, steps=3)
    assert changed.phases[0].mix == Mix(phantoms=0.5)
    assert (changed.steps, changed.foundation) == (3, ONE)


@pytest.mark.parametrize(
    ("grid", "window", "epochs", "rate"), [(64, 96, 1, 1e-3), (64, 0, 1, 1e-3), (64, 64, 0, 1e-3), (64, 64, 1, 0.0)]
)
def test_a_phase_that_could_not_be_trained_is_refused(grid: int, window: int, epochs: int, rate: float) -> None:
    with pytest.raises(ValueError, match=f"not {grid}:{window}:{epochs}"):
        Phase(grid, window, epochs, rate)


@pytest.mark.parametrize("changes", [{"phases": ()}, {"steps": 0}, {"batch_size": 0}])
def test_a_plan_that_could_not_be_trained_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="A plan needs"):
        adapt(Plan("dilated_unet", ONE), **changes)
