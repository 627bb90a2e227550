"""How networks are trained: phases of growing detail, by the name of the network they were chosen for."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from TumorApp.learning.builders import network_module
from TumorApp.learning.sampling import Mix


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of training, with an optimizer of its own.

    Attributes:
        grid: Side of the grid that slices are brought to, in pixels.
        window: Side of the square cut from it, in pixels; the same as ``grid`` for whole slices.
        epochs: How often ``Plan.steps`` batches are drawn.
        learning_rate: At its peak.
        mix: What the batches are made of.
        batch_size: Slices a batch, where it is not the plan's.
    """

    grid: int
    window: int
    epochs: int
    learning_rate: float
    mix: Mix = field(default_factory=Mix)
    batch_size: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be trained.

        Raises:
            ValueError: If there is no epoch, or the window does not fit into the grid.
        """
        if self.epochs < 1 or not 1 <= self.window <= self.grid or not self.learning_rate > 0:
            raise ValueError(
                f"A phase needs an epoch, a learning rate above 0 and a window within its grid, not "
                f"{self.grid}:{self.window}:{self.epochs}:{self.learning_rate:g}."
            )


@dataclass(frozen=True, slots=True)
class Plan:
    """All that decides a training run, apart from its data.

    Attributes:
        network: Name of a module in ``learning.networks``.
        phases: In order.
        foundation: Phases before these, on people whose tumours nobody outlined; members of a model share their result.
        steps: Batches an epoch.
        batch_size: Slices a batch.
        normalisation: ``(subtract, divide)``.
        seed: Of weights, draws and changes.
        mixed_precision: Whether most arithmetic is done in half precision, which only a GPU does faster.
        patience: Epochs without a better score on validation people after which a phase ends; None never ends one
            early.
    """

    network: str
    phases: tuple[Phase, ...]
    foundation: tuple[Phase, ...] = ()
    steps: int = 64
    batch_size: int = 16
    normalisation: tuple[float, float] = (127.0, 127.0)
    seed: int = 2018
    mixed_precision: bool = False
    patience: int | None = None

    def __post_init__(self) -> None:
        """Refuse what could not be trained.

        Raises:
            ValueError: If there is no phase, no step, or nothing in a batch.
        """
        if not self.phases or self.steps < 1 or self.batch_size < 1:
            raise ValueError("A plan needs a phase, and at least one step an epoch and one slice a batch.")

    @property
    def input_size(self) -> int:
        """Side of the network grid: that of the last phase."""
        return self.phases[-1].grid

    @property
    def inputs(self) -> tuple[str, ...]:
        """What each input channel of the network shows."""
        inputs: tuple[str, ...] = network_module(self.network).INPUTS
        return inputs

    def as_values(self) -> dict[str, Any]:
        """Return the plan as plain values for the card."""
        return asdict(self)


DILATED_UNET = Plan(
    network="dilated_unet",
    phases=(
        Phase(64, 64, 10, 6e-4),
        Phase(128, 96, 7, 4e-4),
        Phase(128, 128, 1, 1e-4),
        Phase(128, 96, 5, 3e-4),
        Phase(128, 128, 2, 1e-4),
    ),
)
"""A network of convolutions learns where the liver lies on a quarter of the pixels at a quarter of the cost. The fine
phases come twice, the second time from a lower peak (warm restarts, Loshchilov & Hutter, arXiv:1608.03983)."""

_FEW_OUTLINED = Mix(outlined=0.08, synthetic=0.75)
"""Of a foundation: hardly any of its people has a tumour outlined, so most slices get drawn ones."""
COMPACT_UNET = Plan(
    network="compact_unet",
    foundation=(
        Phase(128, 128, 8, 1.5e-3, _FEW_OUTLINED),
        Phase(192, 192, 8, 1.5e-3, _FEW_OUTLINED),
    ),
    phases=(
        Phase(256, 192, 16, 1e-3),
        Phase(256, 256, 3, 3e-4),
    ),
    steps=200,
    batch_size=8,
)
"""The foundation teaches liver and drawn tumours on the many people; what follows teaches real tumours on the few."""

PLANS = {plan.network: plan for plan in (DILATED_UNET, COMPACT_UNET)}


def plan_for(network: str) -> Plan:
    """Return the plan that a network is trained by unless somebody says otherwise.

    Raises:
        ValueError: If there is no such network.
    """
    network_module(network)
    return PLANS[network]


def adapt(plan: Plan, **changes: Any) -> Plan:
    """Return a plan with some values changed; new phases are mixed as those in whose place they come.

    Raises:
        ValueError: If the new plan could not be trained.
    """
    for name in ("phases", "foundation"):
        before: tuple[Phase, ...] = getattr(plan, name)
        if name in changes and before:
            changes[name] = tuple(replace(phase, mix=before[-1].mix) for phase in changes[name])
    return replace(plan, **changes)
