from __future__ import annotations

import math

import cv2
import numpy as np
import pytest

from tests.phantoms import card, disc
from TumorApp.imaging.plausibility import near_liver, reaches, without_doubtful
from TumorApp.learning.candidates import (
    Case,
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

SIZE = 64


def blotchy(seed: int) -> Case:
    """A liver with smooth random tumour probabilities in and around it."""
    rng = np.random.default_rng(seed)
    liver = disc((SIZE, SIZE), (30, 30), 18)
    smooth = cv2.GaussianBlur(rng.normal(size=(SIZE, SIZE)), (0, 0), 2.5)
    tumour_map = (255 * (0.4 + 1.2 * smooth)).clip(0, 255)
    liver_map = 255 * cv2.GaussianBlur(liver.astype(np.float64), (0, 0), 2) + rng.uniform(0, 30, (SIZE, SIZE))
    answer = np.stack([liver_map.clip(0, 255), tumour_map]).astype(np.uint8)
    return Case("a", 0, answer, liver, liver & (tumour_map > 150))


def test_counts_are_those_of_the_masks_that_uploads_get() -> None:
    cases = [blotchy(seed) for seed in range(3)]
    network = card(input_size=SIZE)
    liver = LiverRule(0.55, 20)
    rules = tumour_rules(SIZE)
    tally = tally_tumours(cases, rules, liver, network)
    marked_somewhere = 0
    for row in range(0, len(rules), 53):
        given = ruled(network, liver, rules[row])
        for column, case in enumerate(cases):
            counting = without_doubtful(near_liver(case.answer, given), given)[1]
            marked = reaches(counting, rules[row].threshold)
            assert tally.predicted[row, column] == marked.sum(), rules[row]
            assert tally.both[row, column] == (marked & case.tumour).sum(), rules[row]
            marked_somewhere += bool(marked.any())
    assert marked_somewhere > 50


def test_counts_of_livers_are_those_of_the_masks_that_uploads_get() -> None:
    case, network = blotchy(0), card(input_size=SIZE)
    rules = liver_rules(SIZE)
    tally = tally_livers([case], rules, network)
    for row, rule in enumerate(rules):
        marked = reaches(near_liver(case.answer, ruled(network, rule))[0], rule.threshold)
        assert tally.predicted[row, 0] == marked.sum()
        assert tally.both[row, 0] == (marked & case.liver).sum()


def test_a_structure_counts_only_where_it_is_outlined() -> None:
    whole = blotchy(0)
    liver_only = Case("b", 1, whole.answer, whole.liver, None)
    tumour_only = Case("c", 2, whole.answer, None, np.zeros((SIZE, SIZE), bool))
    clean = Case("d", 3, whole.answer, whole.liver, np.zeros((SIZE, SIZE), bool))
    cases, network = [whole, liver_only, tumour_only, clean], card(input_size=SIZE)
    assert tally_livers(cases, liver_rules(SIZE)[:1], network).people.tolist() == ["a", "b", "d"]
    tumours = tally_tumours(cases, tumour_rules(SIZE)[:1], LiverRule(0.5, 0), network)
    assert tumours.people.tolist() == ["a", "c", "d"]
    assert tumours.clean.tolist() == [False, False, True]  # of c nobody knows whether it shows liver


@pytest.fixture
def tally() -> Tally:
    """Two rules on three slices: a's with 10 and 0 true pixels, b's with 30."""
    return Tally(
        both=np.array([[10, 0, 0], [5, 0, 30]]),
        predicted=np.array([[10, 0, 10], [10, 4, 30]]),
        true=np.array([10, 0, 30]),
        people=np.array(["a", "a", "b"]),
        groups=np.array([0, 0, 1]),
        clean=np.array([False, True, False]),
    )


def test_figures_by_hand(tally: Tally) -> None:
    np.testing.assert_allclose(tally.dice_pooled(), [20 / 60, 70 / 84])
    np.testing.assert_allclose(tally.dice_by_person(), [(1 + 0) / 2, (10 / 24 + 1) / 2])
    np.testing.assert_allclose(tally.dice_by_slice(), [(1 + 0) / 2, (10 / 20 + 0 + 1) / 3])
    np.testing.assert_allclose(tally.clean_marked(), [0, 1])


def test_what_does_not_exist_is_nan(tally: Tally) -> None:
    empty = tally.on(np.array([False, True, False])).under(0)
    assert np.isnan(empty.dice_pooled()).all()
    assert np.isnan(empty.dice_by_slice()).all()
    assert np.isnan(tally.on(np.array([True, False, False])).clean_marked()).all()


def test_slices_can_be_put_together_under_different_rules(tally: Tally) -> None:
    mixed = joined([tally.on(tally.groups == 0).under(0), tally.on(tally.groups == 1).under(1)])
    assert mixed.both.tolist() == [[10, 0, 30]]
    assert mixed.dice_pooled() == [1]


def test_every_rule_is_tried_once_and_lengths_grow_with_the_grid() -> None:
    small, large = tumour_rules(128), tumour_rules(256)
    assert len(set(small)) == len(small) == len(large)
    assert all(rule.peak == 0 or rule.peak > rule.threshold for rule in small)
    assert {rule.smallest_px * 4 for rule in small} == {rule.smallest_px for rule in large}
    assert {rule.margin_px * 2 for rule in small} == {rule.margin_px for rule in large}


def test_a_rule_becomes_part_of_a_card() -> None:
    given = ruled(card(), LiverRule(0.4, 30), TumourRule(math.inf, 0.3, 0.8, 12))
    assert given.thresholds == {"liver": 0.4, "tumour": 0.3}
    assert (given.smallest_liver_px, given.lesion_peak, given.smallest_lesion_px) == (30, 0.8, 12)
    assert given.liver_margin_px is None
    assert ruled(card(), LiverRule(0.4, 30), TumourRule(2.0, 0.3, 0.8, 12)).liver_margin_px == 2.0


def test_members_are_only_given_rules_that_their_mean_can_follow() -> None:
    together = tumour_rules(SIZE, members=4)
    assert {rule.threshold for rule in together} < {rule.threshold for rule in tumour_rules(SIZE)}
    assert all(0.3 <= rule.threshold <= 0.7 for rule in together)
    assert all(rule.peak <= 0.7 for rule in together)
    assert 0.0 in {rule.peak for rule in together}
    assert all(0.3 <= rule.threshold <= 0.7 for rule in liver_rules(SIZE, members=2))
