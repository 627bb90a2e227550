from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from PIL import Image

from TumorApp.learning.journal import draw_curves, write_log

ROWS = [
    {"stage": "foundation", "phase": 0, "epoch": 0, "learning_rate": 1e-3, "loss": 0.9, "liver_dice": 0.1},
    {
        "stage": "network",
        "phase": 0,
        "epoch": 0,
        "learning_rate": 1e-4,
        "loss": 0.5,
        "liver_dice": 0.6,
        "val_dice": None,
    },
    {
        "stage": "network",
        "phase": 1,
        "epoch": 1,
        "learning_rate": 1e-4,
        "loss": 0.4,
        "liver_dice": 0.7,
        "val_dice": 0.5,
    },
]


def test_the_table_has_a_row_an_epoch_and_every_column(tmp_path: Path) -> None:
    write_log(ROWS, tmp_path)
    with (tmp_path / "training.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["stage"] for row in rows] == ["foundation", "network", "network"]
    assert [row["val_dice"] for row in rows] == ["", "", "0.5"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["training.csv", "training.png"]


def test_the_curves_change_with_the_figures(tmp_path: Path) -> None:
    pictures = []
    for number, loss in enumerate((0.4, 0.8)):
        draw_curves([*ROWS[:2], {**ROWS[2], "loss": loss}], tmp_path / f"{number}.png")
        pictures.append(np.asarray(Image.open(tmp_path / f"{number}.png").convert("RGB")))
    first, second = pictures
    assert first.shape == (800, 900, 3)
    third = first.shape[0] // 3
    assert (first[:third] != second[:third]).any()  # the loss is above
    np.testing.assert_array_equal(first[2 * third :], second[2 * third :])
