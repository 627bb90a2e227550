"""Chooses how probabilities become masks and chances, on slices of people whom the answering network never saw."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import isinf
from typing import Any

import numpy as np

from TumorApp.imaging.card import ModelCard
from TumorApp.learning.answering import statements
from TumorApp.learning.calibrating import calibrate
from TumorApp.learning.candidates import (
    Case,
    Float64,
    LiverRule,
    Tally,
    TumourRule,
    joined,
    liver_rules,
    ruled,
    tally_livers,
    tally_tumours,
    tumour_rules,
)

EVERYBODY = -1
"""Stands for no group where one could be left out."""
MARKED_AT_MOST = 0.10
"""Share of the tumour-free slices with liver that may be marked: one in ten."""
MARKED_COST = 2.0
"""What a share above ``MARKED_AT_MOST`` costs: each point as much as one point of both Dice figures. A hard limit would
give up any number of tumours for the last false finding, and a rule that lies just above it would look worthless."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Rules that were chosen together."""

    liver: LiverRule
    tumour: TumourRule


def choose(cases: Sequence[Case], card: ModelCard) -> tuple[ModelCard, dict[str, Any]]:
    """Choose rules and calibration, and check both on groups of people that they were not made on.

    The rule for livers is chosen first, then that for tumours with it. Then, for each group of people, the same is done
    on the others alone and applied to that group: these *cross-fitted* figures are what the choice is worth on new
    people, while those of the choice itself are flattered by having been chosen.

    Args:
        cases: Of all groups, from ``answer``.
        card: Of the network.

    Returns:
        The card with rules and calibration but without scores, which were those of other rules, and a report of plain
        values.
    """
    search = _Search(cases, card)
    final = search.best()
    by_group = {group: search.best(left_out=group) for group in sorted({case.group for case in cases})}
    calibration = _calibration(cases, card, final, by_group)
    report = {
        "slices": len(cases),
        "people": len({case.person for case in cases}),
        "rules_compared": search.count,
        "chosen": _values(final),
        "chosen_without_group": {str(group): _values(choice) for group, choice in by_group.items()},
        "figures_of_the_choice": search.figures(dict.fromkeys(by_group, final)),
        "figures_cross_fitted": search.figures(by_group),
    }
    sentence = (
        f"{search.count['liver']} rules for livers and {search.count['tumour']} for tumours were compared, and the "
        f"confidence calibrated, on {len(cases)} slices of {report['people']} people (manage.py choose)."
    )
    chosen = replace(
        ruled(card, final.liver, final.tumour),
        calibration=calibration,
        choices_made=(*card.choices_made, sentence),
        training={**card.training, "choice": report},
        scores={},
    )
    return chosen, {**report, "calibration": calibration}


def tumour_worth(tally: Tally) -> Float64:
    """Return what rules for tumours are worth, ``(R,)``; the highest is chosen.

    Mean Dice over people + pooled Dice - ``MARKED_COST`` × (share of clean slices marked - ``MARKED_AT_MOST``, where
    that is above 0). Both Dice figures count, because the first is ruled by people with little tumour and the second by
    a few with much.
    """
    excess = np.nan_to_num(tally.clean_marked() - MARKED_AT_MOST).clip(0)
    return np.nan_to_num(tally.dice_by_person()) + np.nan_to_num(tally.dice_pooled()) - MARKED_COST * excess


def liver_worth(tally: Tally) -> Float64:
    """Return what rules for livers are worth, ``(R,)``: mean Dice over slices + pooled Dice."""
    return np.nan_to_num(tally.dice_by_slice()) + np.nan_to_num(tally.dice_pooled())


class _Search:
    """Every rule tried on every case; what was counted once is kept."""

    def __init__(self, cases: Sequence[Case], card: ModelCard) -> None:
        self._cases, self._card = cases, card
        self._livers = liver_rules(card.input_size, members=card.members)
        self._tumours = tumour_rules(card.input_size, members=card.members)
        self._liver_tally = tally_livers(cases, self._livers, card)
        self._tumour_tallies: dict[LiverRule, Tally] = {}

    @property
    def count(self) -> dict[str, int]:
        return {"liver": len(self._livers), "tumour": len(self._tumours)}

    def best(self, left_out: int = EVERYBODY) -> Choice:
        """Return the best rules on all groups but one."""
        tally = self._liver_tally
        liver = self._livers[int(liver_worth(tally.on(tally.groups != left_out)).argmax())]
        tally = self._tally(liver)
        return Choice(liver, self._tumours[int(tumour_worth(tally.on(tally.groups != left_out)).argmax())])

    def figures(self, choices: Mapping[int, Choice]) -> dict[str, Any]:
        """Return what choices, one a group, come to."""
        tally = self._liver_tally
        liver = joined(
            tally.on(tally.groups == group).under(self._livers.index(choice.liver)) for group, choice in choices.items()
        )
        tallies = {group: self._tally(choice.liver) for group, choice in choices.items()}
        tumour = joined(
            tallies[group].on(tallies[group].groups == group).under(self._tumours.index(choice.tumour))
            for group, choice in choices.items()
        )
        with_tumour, marked = tumour.true > 0, tumour.predicted[0] > 0
        return {
            "liver": {"dice_pooled": _plain(liver.dice_pooled()), "dice_by_slice": _plain(liver.dice_by_slice())},
            "tumour": {"dice_pooled": _plain(tumour.dice_pooled()), "dice_by_person": _plain(tumour.dice_by_person())},
            "tumour_slices": int(with_tumour.sum()),
            "tumour_slices_marked": int((with_tumour & marked).sum()),
            "clean_liver_slices": int(tumour.clean.sum()),
            "clean_liver_slices_marked": int((tumour.clean & marked).sum()),
            "worth": _plain(tumour_worth(tumour)),
        }

    def _tally(self, liver: LiverRule) -> Tally:
        if liver not in self._tumour_tallies:
            self._tumour_tallies[liver] = tally_tumours(self._cases, self._tumours, liver, self._card)
        return self._tumour_tallies[liver]


def _calibration(
    cases: Sequence[Case], card: ModelCard, final: Choice, by_group: Mapping[int, Choice]
) -> dict[str, Any]:
    """Return ``ModelCard.calibration``; what has too few answers is left out."""
    said = {
        choice: statements(cases, ruled(card, choice.liver, choice.tumour)) for choice in {final, *by_group.values()}
    }
    entries = {
        subject: calibrate(said[final][index], {group: said[choice][index] for group, choice in by_group.items()})
        for index, subject in enumerate(("lesion", "slice"))
    }
    return {subject: entry for subject, entry in entries.items() if entry is not None}


def _values(choice: Choice) -> dict[str, Any]:
    """Return a choice as plain values; a margin of infinity is None, as in the card."""
    tumour = asdict(choice.tumour)
    return {
        "liver": asdict(choice.liver),
        "tumour": {**tumour, "margin_px": None if isinf(choice.tumour.margin_px) else choice.tumour.margin_px},
    }


def _plain(values: Float64) -> float | None:
    """Return the one value, rounded; None where it does not exist."""
    (value,) = values.tolist()
    return None if value != value else round(value, 4)
