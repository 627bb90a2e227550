from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from TumorApp.learning.dataset import SOFT_TISSUE_HU, UNKNOWN, Samples
from TumorApp.learning.sampling import NOT_CT, Batches, Mix, with_others

SIZE = 32


def samples() -> Samples:
    """One person with 90 outlined slices, one with 2, one whose tumours nobody outlined."""
    people = np.array(["many"] * 90 + ["few"] * 2 + ["liver"] * 8)
    grey = np.full((100, SIZE, SIZE), 100, np.uint8)
    targets = np.zeros((100, SIZE, SIZE, 2), np.int8)
    targets[:, 8:24, 8:24, 0] = 1
    targets[:45, 10:14, 10:14, 1] = 1
    targets[90, 10:14, 10:14, 1] = 1
    targets[92:, 8:24, 8:24, 1] = UNKNOWN
    grey[92:, 10:18, 10:18] = 20
    return Samples(grey, targets, people, np.full((100, 2), SOFT_TISSUE_HU, np.float32))


def batches(seed: int = 0, **options: object) -> Batches:
    values: dict[str, object] = {"window": SIZE, "batch_size": 4, "steps": 3, "normalisation": (127.0, 127.0)}
    return Batches(samples(), seed=seed, **{**values, **options})  # type: ignore[arg-type]


def test_a_batch_has_the_documented_shape() -> None:
    slices, targets = batches(inputs=("grey", "equalised"), window=24)[0]
    assert len(batches()) == 3
    assert slices.shape == (4, 24, 24, 2)
    assert targets.shape == (4, 24, 24, 2)
    assert slices.dtype == targets.dtype == np.float32


def test_the_seed_decides_in_any_order() -> None:
    one, other = batches(), batches()
    last, first = other[2], other[0]
    np.testing.assert_array_equal(one[0][0], first[0])
    np.testing.assert_array_equal(one[2][0], last[0])
    assert (batches(seed=1)[0][0] != first[0]).any()


def test_a_resumed_training_goes_on_with_the_same_draws() -> None:
    drawn = batches()
    before = drawn[0][0]
    drawn.on_epoch_end()
    after = drawn[0][0]
    assert (after != before).any()
    np.testing.assert_array_equal(batches(epoch=1)[0][0], after)


def people_drawn(mix: Mix) -> Counter[str]:
    drawn = batches(mix=mix)
    rng = np.random.default_rng(0)
    return Counter(str(drawn._samples.patients[drawn._draw(rng)]) for _ in range(4000))


def test_the_weight_chooses_between_people_and_slices() -> None:
    alike, by_slice = (people_drawn(Mix(weight=weight)) for weight in (0, 1))
    assert alike["many"] / alike["few"] == pytest.approx(1, abs=0.15)
    assert by_slice["many"] / by_slice["few"] == pytest.approx(45, rel=0.3)


def test_shares_are_kept() -> None:
    people = people_drawn(Mix(outlined=0.7, phantoms=0.1, not_ct=0.2))
    assert people["phantom"] / 4000 == pytest.approx(0.1, abs=0.02)
    assert people["not CT"] / 4000 == pytest.approx(0.2, abs=0.02)
    assert (people["many"] + people["few"]) / 4000 == pytest.approx(0.7 * 0.7, abs=0.03)


def test_the_others_come_with_their_truth() -> None:
    grown = with_others(samples())
    drawn = grown.patients == "phantom"
    assert drawn.sum() == 24
    assert (grown.targets[drawn] != UNKNOWN).all()
    assert (grown.targets[drawn][..., 1] == 1).any()
    pictures = grown.patients == "not CT"
    assert pictures.sum() == len(NOT_CT)
    assert not grown.targets[pictures].any()
    assert all(picture.std() > 5 for picture in grown.grey[pictures])


def test_drawn_tumours_are_added_to_the_targets() -> None:
    size = 128
    liver = np.zeros((4, size, size, 2), np.int8)
    liver[:, 30:100, 20:80, 0] = 1
    one = Samples(np.full((4, size, size), 150, np.uint8), liver, np.array(["a"] * 4), np.tile(SOFT_TISSUE_HU, (4, 1)))
    plan = {"window": size, "batch_size": 8, "steps": 1, "normalisation": (127.0, 127.0), "seed": 0}
    without, drawn = (
        Batches(one, **plan, mix=Mix(synthetic=share, phantoms=0, not_ct=0))[0][1]  # type: ignore[arg-type]
        for share in (0.0, 1.0)
    )
    assert not without[..., 1].any()
    assert (drawn[..., 1] == 1).any(axis=(1, 2)).all()
    assert (drawn[drawn[..., 1] == 1][:, 0] == 1).all()


def test_healthy_liver_is_known_where_nobody_outlined_tumours() -> None:
    liver = batches()._samples.targets[95]
    assert (liver[10:18, 10:18, 1] == UNKNOWN)[2:-2, 2:-2].all()
    assert (liver[21:23, 21:23, 1] == 0).all()
