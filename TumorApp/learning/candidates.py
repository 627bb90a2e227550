"""Rules from probability to mask that could be chosen, and what each would have marked on answered slices."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import product

import cv2
import numpy as np
from numpy.typing import NDArray

from TumorApp.imaging.card import ModelCard
from TumorApp.imaging.plausibility import distance_from, near_liver, reaches
from TumorApp.imaging.records import Float32, Mask, Uint8

Counts = NDArray[np.int64]
Float64 = NDArray[np.float64]

RULE_GRID = 128
"""Lengths below are in pixels of a grid of this size, where a pixel is about 3 mm, and scaled to the network's."""
THRESHOLDS = tuple(step / 100 for step in range(10, 85, 5))
PEAKS = (0.0, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
MODERATE = (0.3, 0.7)
"""Thresholds and peaks that are tried where members answer together. Each person of a fold is answered by one member
alone, but new people by the mean of all, which is less often extreme: a peak of 0.95 is common in one and rare in
the mean of four. Between these bounds a rule means much the same for both."""
SMALLEST_LESIONS = (1, 2, 4, 6, 10, 16)
"""Up to a disc of 14 mm: a larger limit would buy Dice with lesions that are large enough to matter."""
SMALLEST_LIVERS = (0, 10, 40, 100)
MARGINS = (1.0, 2.0, 4.0, 8.0, 16.0, math.inf)
"""Not 0: on slices less like those of the choice the found border is less exact than on those."""


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """A slice that was answered, and its truth, both on the network grid.

    Attributes:
        person: Whose it is.
        group: Number of the group of people that it belongs to; choices are checked on groups they were not made on.
        answer: ``(channels, size, size) uint8``, from ``Segmenter.probabilities``.
        liver: ``(size, size) bool``, tumours included; None where the labels say nothing about it.
        tumour: ``(size, size) bool``; None likewise.
    """

    person: str
    group: int
    answer: Uint8
    liver: Mask | None
    tumour: Mask | None


@dataclass(frozen=True, slots=True)
class LiverRule:
    """What counts as liver; see ``ModelCard`` for both."""

    threshold: float
    smallest_px: int


@dataclass(frozen=True, slots=True)
class TumourRule:
    """What counts as tumour; see ``ModelCard`` for all four. A margin of infinity lets it lie anywhere."""

    margin_px: float
    threshold: float
    peak: float
    smallest_px: int


@dataclass(frozen=True, slots=True, eq=False)
class Tally:
    """What each of R rules marked on each of N slices, in pixels of the network grid.

    Attributes:
        both: ``(R, N)``, marked and true.
        predicted: ``(R, N)``, marked.
        true: ``(N,)``, true.
        people: ``(N,)``, whose slice.
        groups: ``(N,)``, their group.
        clean: ``(N,) bool``, slices that show liver, which is outlined, and have no tumour.
    """

    both: Counts
    predicted: Counts
    true: Counts
    people: NDArray[np.str_]
    groups: Counts
    clean: Mask

    def on(self, slices: Mask) -> Tally:
        """Return the same on some of the slices."""
        return Tally(
            self.both[:, slices],
            self.predicted[:, slices],
            self.true[slices],
            self.people[slices],
            self.groups[slices],
            self.clean[slices],
        )

    def under(self, rule: int) -> Tally:
        """Return the same under one of the rules."""
        return replace(self, both=self.both[[rule]], predicted=self.predicted[[rule]])

    def dice_pooled(self) -> Float64:
        """Return ``(R,)`` Dice of all slices as one; nan where nothing is marked or true."""
        return _dice(self.both.sum(axis=1), self.predicted.sum(axis=1), self.true.sum())

    def dice_by_person(self) -> Float64:
        """Return ``(R,)`` means over people, the slices of each pooled."""
        people = [self.on(self.people == person).dice_pooled() for person in np.unique(self.people)]
        return _mean_defined(np.stack(people, axis=1))

    def dice_by_slice(self) -> Float64:
        """Return ``(R,)`` means over slices on which something is marked or true."""
        return _mean_defined(_dice(self.both, self.predicted, self.true[np.newaxis]))

    def clean_marked(self) -> Float64:
        """Return ``(R,)`` shares of the clean slices on which something is marked; nan where there are none."""
        if not self.clean.any():
            return np.full(len(self.both), math.nan)
        return np.asarray((self.predicted[:, self.clean] > 0).mean(axis=1), np.float64)


def joined(parts: Iterable[Tally]) -> Tally:
    """Put slices one after the other, all under as many rules."""
    tallies = list(parts)
    return Tally(
        both=np.concatenate([tally.both for tally in tallies], axis=1),
        predicted=np.concatenate([tally.predicted for tally in tallies], axis=1),
        true=np.concatenate([tally.true for tally in tallies]),
        people=np.concatenate([tally.people for tally in tallies]),
        groups=np.concatenate([tally.groups for tally in tallies]),
        clean=np.concatenate([tally.clean for tally in tallies]),
    )


def liver_rules(size: int, *, members: int = 1) -> list[LiverRule]:
    """Return the rules for livers that are tried on a network grid of that size."""
    area = (size / RULE_GRID) ** 2
    tried = product(_usable(THRESHOLDS, members), SMALLEST_LIVERS)
    return [LiverRule(threshold, round(px * area)) for threshold, px in tried]


def tumour_rules(size: int, *, members: int = 1) -> list[TumourRule]:
    """Return the rules for tumours that are tried on a network grid of that size, in the order of ``tally_tumours``.

    A peak below the threshold would ask for nothing; it is tried once, as 0.
    """
    length = size / RULE_GRID
    peaks = (0.0, *_usable(PEAKS, members)) if members > 1 else PEAKS
    return [
        TumourRule(margin * length, threshold, peak, round(px * length**2))
        for margin, threshold in product(MARGINS, _usable(THRESHOLDS, members))
        for peak, px in product([peak for peak in peaks if not 0 < peak <= threshold], SMALLEST_LESIONS)
    ]


def _usable(probabilities: tuple[float, ...], members: int) -> tuple[float, ...]:
    low, high = MODERATE if members > 1 else (0.0, 1.0)
    return tuple(probability for probability in probabilities if low <= probability <= high)


def ruled(card: ModelCard, liver: LiverRule, tumour: TumourRule | None = None) -> ModelCard:
    """Return a card with other rules; without a rule for tumours that of the card stays."""
    card = replace(card, thresholds={**card.thresholds, "liver": liver.threshold}, smallest_liver_px=liver.smallest_px)
    if tumour is None:
        return card
    return replace(
        card,
        thresholds={**card.thresholds, "tumour": tumour.threshold},
        lesion_peak=tumour.peak,
        smallest_lesion_px=tumour.smallest_px,
        liver_margin_px=None if math.isinf(tumour.margin_px) else tumour.margin_px,
    )


def tally_livers(cases: Sequence[Case], rules: Sequence[LiverRule], card: ModelCard) -> Tally:
    """Count livers under each rule, on the cases whose liver is outlined."""
    covered = [(case, case.liver) for case in cases if case.liver is not None]
    tally = _empty(covered, len(rules))
    outlines: dict[float, list[int]] = {}
    for row, rule in enumerate(rules):
        outlines.setdefault(rule.threshold, []).append(row)
    smallest = np.array([rule.smallest_px for rule in rules])
    for column, (case, truth) in enumerate(covered):
        answer = case.answer[card.channel("liver")]
        for threshold, rows in outlines.items():
            area, _, hit = _regions(answer, threshold, truth)
            counts = area >= smallest[rows, np.newaxis]
            tally.predicted[rows, column] = counts @ area
            tally.both[rows, column] = counts @ hit
    return tally


def tally_tumours(cases: Sequence[Case], rules: Sequence[TumourRule], liver: LiverRule, card: ModelCard) -> Tally:
    """Count tumours under each rule, on the cases whose tumours are outlined, with one rule for livers.

    It gives what ``plausibility`` gives, but labels the regions of each outline once for all peaks and smallest sizes.
    """
    covered = [(case, case.tumour) for case in cases if case.tumour is not None]
    tally = _empty(covered, len(rules))
    outlines: dict[tuple[float, float], list[int]] = {}
    for row, rule in enumerate(rules):
        outlines.setdefault((rule.margin_px, rule.threshold), []).append(row)
    lowest = min(rule.threshold for rule in rules)
    peaks = np.array([rule.peak for rule in rules])
    smallest = np.array([rule.smallest_px for rule in rules])
    for column, (case, truth) in enumerate(covered):
        answer, distance, box = _surroundings(case, ruled(card, liver), lowest)
        for (margin, threshold), rows in outlines.items():
            area, top, hit = _regions(answer * (distance <= margin), threshold, truth[box])
            counts = (area >= smallest[rows, np.newaxis]) & (top >= peaks[rows, np.newaxis].astype(np.float32))
            tally.predicted[rows, column] = counts @ area
            tally.both[rows, column] = counts @ hit
    return tally


def _empty(covered: Sequence[tuple[Case, Mask]], rules: int) -> Tally:
    cases = [case for case, _ in covered]
    return Tally(
        both=np.zeros((rules, len(cases)), np.int64),
        predicted=np.zeros((rules, len(cases)), np.int64),
        true=np.array([np.count_nonzero(truth) for _, truth in covered], np.int64),
        people=np.array([case.person for case in cases], np.str_),
        groups=np.array([case.group for case in cases], np.int64),
        clean=np.array([_is_clean(case) for case in cases], np.bool_),
    )


def _is_clean(case: Case) -> bool:
    return bool(case.liver is not None and case.tumour is not None and case.liver.any() and not case.tumour.any())


def _surroundings(case: Case, card: ModelCard, lowest: float) -> tuple[Uint8, Float32, tuple[slice, slice]]:
    """Return tumour answer and distance from the liver, cut to the box in which any rule could mark something."""
    answer = case.answer[card.channel("tumour")]
    liver = near_liver(case.answer, replace(card, liver_margin_px=None))[card.channel("liver")]
    distance = distance_from(reaches(liver, card.thresholds["liver"]))
    x, y, width, height = cv2.boundingRect(reaches(answer, lowest).astype(np.uint8))
    box = (slice(y, y + height), slice(x, x + width))
    return answer[box], distance[box], box


def _regions(answer: Uint8, threshold: float, truth: Mask) -> tuple[Counts, Float32, Counts]:
    """Return area, highest probability and true pixels of each region of an outline."""
    marked = reaches(answer, threshold)
    if not marked.any():
        return np.zeros(0, np.int64), np.zeros(0, np.float32), np.zeros(0, np.int64)
    count, labels = cv2.connectedComponents(marked.astype(np.uint8), connectivity=8)
    inside = labels[marked].astype(np.int64)
    top = np.zeros(count, np.uint8)
    np.maximum.at(top, inside, answer[marked])
    area = np.bincount(inside, minlength=count)[1:]
    hit = np.bincount(labels[marked & truth], minlength=count)[1:]
    return area.astype(np.int64), (top[1:].astype(np.float32) / 255).astype(np.float32), hit.astype(np.int64)


def _dice(both: Counts, predicted: Counts, true: Counts) -> Float64:
    total = predicted + true
    return np.asarray(np.divide(2 * both, total, out=np.full(total.shape, math.nan), where=total > 0), np.float64)


def _mean_defined(values: Float64) -> Float64:
    """Return the means of rows over what exists; nan where nothing does."""
    defined = ~np.isnan(values)
    count = defined.sum(axis=1)
    total = np.where(defined, values, 0).sum(axis=1)
    return np.asarray(np.divide(total, count, out=np.full(len(values), math.nan), where=count > 0), np.float64)
