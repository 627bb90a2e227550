"""Learns how often a stated probability is right, and says how far that can be trusted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import isotonic_regression, minimize

from TumorApp.imaging.confidence import HALF_A_STEP, Float64, chances, logit
from TumorApp.imaging.records import Mask
from TumorApp.imaging.reliability import expected_calibration_error, reliability

KINDS = ("temperature", "platt", "isotonic")
FEWEST = 10
"""Right and wrong answers that there must be of each to learn from; a tenth is then the finest step that they show."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """N answers of a network and whether they were right.

    Attributes:
        stated: ``(N,) float64``, probabilities, 0..1.
        right: ``(N,) bool``.
        people: ``(N,)``, whose slices.
        groups: ``(N,)``, the group of people that each belongs to.
    """

    stated: Float64
    right: Mask
    people: NDArray[np.str_]
    groups: NDArray[np.int64]

    def on(self, chosen: Mask) -> Answers:
        """Return some of the answers."""
        return Answers(self.stated[chosen], self.right[chosen], self.people[chosen], self.groups[chosen])

    @property
    def enough(self) -> bool:
        """Whether there are enough right and wrong answers to learn from."""
        return int(self.right.sum()) >= FEWEST and int((~self.right).sum()) >= FEWEST


def join(parts: Sequence[Answers]) -> Answers:
    """Put answers one after the other."""
    return Answers(
        np.concatenate([part.stated for part in parts]),
        np.concatenate([part.right for part in parts]),
        np.concatenate([part.people for part in parts]),
        np.concatenate([part.groups for part in parts]),
    )


def calibrate(final: Answers, by_group: Mapping[int, Answers]) -> dict[str, Any] | None:
    """Choose and fit a calibration, and measure it on people whom it was not fitted on.

    Each kind is fitted on all groups but one and applied to that one, group after group; the kind with the smallest
    expected calibration error of these answers is taken and fitted on all.

    Args:
        final: Answers under the rules that the card gets.
        by_group: By group, all answers under the rules that were chosen without that group.

    Returns:
        An entry of ``ModelCard.calibration``; None where there are too few answers.
    """
    parts = {group: (own.on(own.groups != group), own.on(own.groups == group)) for group, own in by_group.items()}
    if not final.enough or not all(others.enough for others, _ in parts.values()):
        return None
    left_out = join([own for _, own in parts.values()])
    fitted = {
        kind: np.concatenate([chances(own.stated, fit(kind, others)) for others, own in parts.values()])
        for kind in KINDS
    }
    errors = {kind: _error(values, left_out.right) for kind, values in fitted.items()}
    best = min(KINDS, key=lambda kind: errors[kind])
    return {
        **fit(best, final),
        "answers": len(final.right),
        "right": int(final.right.sum()),
        "people": len(np.unique(final.people)),
        "expected_calibration_error": {
            "how": "Cross-fitted: each group of people by rules and calibration made on the other groups.",
            "before": round(_error(left_out.stated, left_out.right), 4),
            "after": round(errors[best], 4),
            "by_kind": {kind: round(error, 4) for kind, error in errors.items()},
        },
        "bins_before": _bins(left_out.stated, left_out.right),
        "bins": _bins(fitted[best], left_out.right),
    }


def fit(kind: str, answers: Answers) -> dict[str, Any]:
    """Fit a calibration to answers, each person weighing alike.

    ``"temperature"`` and ``"platt"`` are the maximum-likelihood fits of the logistic curve that
    ``imaging.confidence.chances`` documents, towards Platt's targets; ``"isotonic"`` is the pool-adjacent-violators fit
    of Zadrozny & Elkan (2002, doi:10.1145/775047.775151).

    Args:
        kind: One of ``KINDS``.
        answers: At least one right and one wrong.

    Returns:
        What ``chances`` needs. No chance goes beyond Platt's targets (1999) of ``1/(wrong + 2)`` and
        ``(right + 1)/(right + 2)``: so many answers can show no more.
    """
    right = int(answers.right.sum())
    lowest, highest = 1 / (len(answers.right) - right + 2), (right + 1) / (right + 2)
    limits = {"lowest": round(lowest, 6), "highest": round(highest, 6)}
    weights = _equal_by_person(answers.people)
    if kind == "isotonic":
        return {"kind": "isotonic", **_steps(answers, weights), **limits}
    targets = np.where(answers.right, highest, lowest)
    stated = logit(answers.stated.clip(HALF_A_STEP, 1 - HALF_A_STEP))
    slope, intercept = _logistic(stated, targets, weights, free_intercept=kind == "platt")
    return {"kind": kind, "slope": round(slope, 6), "intercept": round(intercept, 6), **limits}


def _logistic(stated: Float64, targets: Float64, weights: Float64, *, free_intercept: bool) -> tuple[float, float]:
    """Return slope, never negative, and intercept that make the targets likeliest."""

    def loss(parameters: Float64) -> float:
        z = parameters[0] * stated + (parameters[1] if free_intercept else 0.0)
        # -log of the chance of the target, written so that it overflows for no z.
        return float(np.average(np.logaddexp(0, z) - targets * z, weights=weights))

    start = [1.0, 0.0] if free_intercept else [1.0]
    bounds = [(0.0, None), (None, None)][: len(start)]
    found = minimize(loss, start, method="L-BFGS-B", bounds=bounds).x
    return float(found[0]), float(found[1]) if free_intercept else 0.0


def _steps(answers: Answers, weights: Float64) -> dict[str, list[float]]:
    """Return the ends of the level pieces of the isotonic fit."""
    at, place = np.unique(answers.stated, return_inverse=True)
    weight = np.bincount(place, weights)
    share = np.bincount(place, weights * answers.right) / weight
    level = isotonic_regression(share, weights=weight).x
    jump = np.flatnonzero(np.diff(level) > 0)
    ends = np.unique(np.concatenate([[0, len(at) - 1], jump, jump + 1]))
    return {"at": at[ends].round(6).tolist(), "chance": level[ends].round(6).tolist()}


def _equal_by_person(people: NDArray[np.str_]) -> Float64:
    """Return weights that add up to the same for each person: a few people give most slices, which are alike."""
    _, place, count = np.unique(people, return_inverse=True, return_counts=True)
    return np.asarray(len(people) / len(count) / count[place], np.float64)


def _error(stated: Float64, right: Mask) -> float:
    return expected_calibration_error(reliability(stated.tolist(), right.tolist()))


def _bins(stated: Float64, right: Mask) -> list[dict[str, float | int]]:
    """Return the bins that have answers, rounded for the card."""
    filled = [asdict(one) for one in reliability(stated.tolist(), right.tolist()) if one.count]
    return [{name: round(value, 4) for name, value in one.items()} for one in filled]
