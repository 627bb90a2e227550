"""A small data folder of drawn slices."""

from __future__ import annotations

import csv
from pathlib import Path

from PIL import Image

from TumorApp.imaging.phantom import draw_phantom


def write_data_folder(folder: Path, rows: list[tuple[str, str, str]]) -> Path:
    """Write ``(name, patient, labels)`` rows with a phantom each."""
    (folder / "images").mkdir(parents=True)
    (folder / "masks").mkdir()
    for seed, (name, _, labels) in enumerate(rows):
        drawn = draw_phantom(seed)
        Image.fromarray(drawn.grey).save(folder / "images" / f"{name}.png")
        mask = drawn.labels
        if labels == "liver":
            mask = mask.clip(0, 1)
        Image.fromarray(mask).save(folder / "masks" / f"{name}.png")
    with (folder / "manifest.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("name", "patient", "labels"))
        writer.writerows(rows)
    return folder


EIGHT = [(f"slice{number}", f"person{number // 2}", "liver" if number > 5 else "liver+tumour") for number in range(8)]
