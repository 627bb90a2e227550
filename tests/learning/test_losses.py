from __future__ import annotations

import numpy as np
import pytest
from keras import ops

from TumorApp.learning.losses import dice_and_cross_entropy, dice_coefficient, dice_loss

TRUTH = np.array([1, 1, 0, 0], np.float32).reshape(1, 2, 2, 1)
GUESS = np.array([0.5, 1, 0.5, 0], np.float32).reshape(1, 2, 2, 1)


def number(value: object) -> float:
    return float(ops.convert_to_numpy(value))


def test_the_smoothed_dice_by_hand() -> None:
    assert number(dice_coefficient(TRUTH, GUESS)) == pytest.approx((2 * 1.5 + 1) / (2 + 2 + 1))
    assert number(dice_loss(TRUTH, GUESS)) == pytest.approx(-0.8)


def test_two_empty_masks_agree() -> None:
    assert number(dice_coefficient(np.zeros_like(TRUTH), np.zeros_like(GUESS))) == 1


def test_it_runs_over_the_whole_batch() -> None:
    truth, guess = np.concatenate([TRUTH, 0 * TRUTH]), np.concatenate([GUESS, GUESS])
    assert number(dice_coefficient(truth, guess)) == pytest.approx((2 * 1.5 + 1) / (2 + 4 + 1))


@pytest.mark.parametrize("loss", [dice_loss, dice_and_cross_entropy])
def test_unknown_pixels_count_nowhere(loss: object) -> None:
    unknown = TRUTH.copy()
    unknown[0, 0, 0] = -1
    answers = []
    for value in (0.0, 0.3, 1.0):
        guess = GUESS.copy()
        guess[0, 0, 0] = value
        answers.append(number(loss(unknown, guess)))
    assert len(set(answers)) == 1
    assert answers[0] != pytest.approx(number(loss(TRUTH, GUESS)))


def test_a_channel_that_nobody_knows_adds_no_error() -> None:
    truth = np.concatenate([TRUTH, np.full_like(TRUTH, -1)], axis=-1)
    wrong, right = (np.concatenate([TRUTH, np.full_like(TRUTH, value)], axis=-1) for value in (1, 0))
    assert number(dice_and_cross_entropy(truth, wrong)) == pytest.approx(number(dice_and_cross_entropy(truth, right)))


def test_a_better_guess_costs_less() -> None:
    assert number(dice_and_cross_entropy(TRUTH, TRUTH)) < number(dice_and_cross_entropy(TRUTH, GUESS))
