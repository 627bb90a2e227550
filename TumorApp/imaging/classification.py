"""How good yes-or-no answers and their scores are. A figure that does not exist is nan, never 0 and never 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import nan

import numpy as np


@dataclass(frozen=True, slots=True)
class Confusion:
    """Answers by truth; they add up.

    Attributes:
        true_positive: Yes, rightly.
        false_negative: No, wrongly.
        true_negative: No, rightly.
        false_positive: Yes, wrongly.
    """

    true_positive: int = 0
    false_negative: int = 0
    true_negative: int = 0
    false_positive: int = 0

    def __add__(self, other: Confusion) -> Confusion:
        return Confusion(
            self.true_positive + other.true_positive,
            self.false_negative + other.false_negative,
            self.true_negative + other.true_negative,
            self.false_positive + other.false_positive,
        )

    @property
    def accuracy(self) -> float:
        """Share of the right answers; nan where there are none."""
        total = self.true_positive + self.false_negative + self.true_negative + self.false_positive
        return (self.true_positive + self.true_negative) / total if total else nan

    @property
    def sensitivity(self) -> float:
        """Share of yes among what is true; nan where nothing is."""
        true = self.true_positive + self.false_negative
        return self.true_positive / true if true else nan

    @property
    def specificity(self) -> float:
        """Share of no among what is not true; nan where everything is."""
        untrue = self.true_negative + self.false_positive
        return self.true_negative / untrue if untrue else nan


def confusion(answers: Sequence[bool], truths: Sequence[bool]) -> Confusion:
    """Count answers by truth.

    Raises:
        ValueError: If there are not as many answers as truths.
    """
    pairs = list(zip(answers, truths, strict=True))
    return Confusion(
        true_positive=sum(answer and truth for answer, truth in pairs),
        false_negative=sum(not answer and truth for answer, truth in pairs),
        true_negative=sum(not answer and not truth for answer, truth in pairs),
        false_positive=sum(answer and not truth for answer, truth in pairs),
    )


def area_under_curve(scores: Sequence[float], truths: Sequence[bool]) -> float:
    """Return the area under the ROC curve.

    It is the share of pairs of a true and an untrue case in which the true one has the higher score; equal scores count
    one half (Hanley & McNeil 1982, doi:10.1148/radiology.143.1.7063747).

    Args:
        scores: The higher, the likelier.
        truths: As many.

    Returns:
        0..1, 0.5 for scores that know nothing; nan where all cases are true or none is.

    Raises:
        ValueError: If there are not as many scores as truths.
    """
    pairs = list(zip(scores, truths, strict=True))
    true = np.array([score for score, truth in pairs if truth])
    untrue = np.sort([score for score, truth in pairs if not truth])
    if not len(true) or not len(untrue):
        return nan
    below, not_above = np.searchsorted(untrue, true, "left"), np.searchsorted(untrue, true, "right")
    return float((below + not_above).mean() / (2 * len(untrue)))
