"""From a probability that the network states to the chance that it is right, as measured on people it never saw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.records import Sureness

Float64 = NDArray[np.float64]
Subject = Literal["lesion", "slice"]

SURE_FROM = 0.8
"""Chance of being right from which the network is called sure: at most one in five such answers was wrong. Chosen as
what a reader would call sure of a second opinion; no clinical standard."""
UNSURE_FROM = 0.5
"""Below this, answers were more often wrong than right, and the network is called very unsure."""
UNSURE_BELOW = 0.7
"""Mean probability of a lesion below which a network whose chances were never measured is called unsure; chosen as the
middle between the threshold of 0.5 and the 0.9 of a clear finding. It is never called sure."""
HALF_A_STEP = 0.5 / 255
"""The answer is kept in 8 bits, so that 0 and 1 stand for anything within half a step of them."""


def calibrated(probability: float, subject: Subject, card: ModelCard) -> float | None:
    """Return the measured chance behind a probability.

    Args:
        probability: 0..1. Of a ``"lesion"`` the mean probability inside, which becomes the chance that there is a
            tumour where it was marked; of a ``"slice"`` its ``plausibility.slice_score``, which becomes the chance
            that it shows a tumour.
        subject: Which of the two.
        card: Of the network.

    Returns:
        0..1; None where the card has no such calibration. It holds for slices like those that it was measured on.
    """
    if subject not in card.calibration:
        return None
    return float(chances(np.array([probability]), card.calibration[subject])[0])


def chances(probabilities: Float64, calibration: Mapping[str, Any]) -> Float64:
    """Turn probabilities into chances.

    * ``"platt"``: ``1 / (1 + exp(-(slope · logit(p) + intercept)))`` (Platt 1999, on the logit as in Guo et al. 2017,
      arXiv:1706.04599); temperature scaling is the same with ``slope = 1 / T`` and no intercept.
    * ``"isotonic"``: straight lines between the points ``(at, chance)``, level outside of them.

    Either way the chance stays within ``lowest`` and ``highest``, so that it is never more certain than the cases that
    it was measured on allow.

    Args:
        probabilities: ``(N,) float64``, 0..1.
        calibration: Entry of ``ModelCard.calibration``, made by ``learning.calibrating``.

    Returns:
        ``(N,) float64``, 0..1.
    """
    inside = probabilities.clip(HALF_A_STEP, 1 - HALF_A_STEP)
    if calibration["kind"] == "isotonic":
        found = np.interp(inside, calibration["at"], calibration["chance"])
    else:
        found = 1 / (1 + np.exp(-(calibration["slope"] * logit(inside) + calibration["intercept"])))
    return np.asarray(found.clip(calibration["lowest"], calibration["highest"]), np.float64)


def logit(probabilities: Float64) -> Float64:
    """Return ``log(p / (1 - p))`` of probabilities strictly between 0 and 1."""
    return np.asarray(np.log(probabilities) - np.log1p(-probabilities), np.float64)


def sureness_of(chance: float) -> Sureness:
    """Return the grade of an answer from the measured chance, 0..1, that it is right."""
    if chance >= SURE_FROM:
        return "sure"
    return "unsure" if chance >= UNSURE_FROM else "very unsure"


def lesion_sureness(confidence: float, *, measured: bool) -> Sureness | None:
    """Return how sure the network is of a lesion.

    Args:
        confidence: The chance where that was measured, else the mean probability.
        measured: Whether it was.

    Returns:
        The grade; None where nothing was measured and the probability gives no reason for doubt.
    """
    if measured:
        return sureness_of(confidence)
    return "unsure" if confidence < UNSURE_BELOW else None


def verdict_sureness(tumour_chance: float | None, *, detected: bool) -> Sureness | None:
    """Return how sure the network is that a slice shows a tumour, or none; None where that was never measured."""
    if tumour_chance is None:
        return None
    return sureness_of(tumour_chance if detected else 1 - tumour_chance)
