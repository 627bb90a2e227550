"""How long a slice takes from bytes to findings, by model: ``python benchmarks/speed.py [--slices 40]``.

Every model in ``model/`` answers the same drawn slices in turn, so that whatever else the machine does touches all of
them alike. Prints the median, the 95th percentile and the ratio to the first model.
"""

from __future__ import annotations

import argparse
import io
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from TumorApp.imaging.phantom import draw_phantom  # noqa: E402 - the path above comes first
from TumorApp.imaging.pipeline import analyse  # noqa: E402
from TumorApp.imaging.segmentation import load_segmenter  # noqa: E402

SIDES_PX = (256, 512)
WARM_UP = 3


def slice_bytes(seed: int, side_px: int) -> bytes:
    """Return a drawn slice as the bytes of a PNG file."""
    file = io.BytesIO()
    grey = Image.fromarray(draw_phantom(seed, lesions=1 + seed % 3).grey)
    grey.resize((side_px, side_px), Image.Resampling.BICUBIC).save(file, "PNG")
    return file.getvalue()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--slices", type=int, default=40, help="slices of each size (default: %(default)s)")
    slices = parser.parse_args().slices
    models = sorted(path.parent for path in (ROOT / "model").glob("*/card.json"))
    segmenters = {folder.name: load_segmenter(folder) for folder in models}
    for side_px in SIDES_PX:
        seconds: dict[str, list[float]] = {name: [] for name in segmenters}
        for seed in range(-WARM_UP, slices):
            content = slice_bytes(abs(seed), side_px)
            for name, segmenter in segmenters.items():
                start = time.perf_counter()
                analyse(content, "phantom.png", segmenter)
                if seed >= 0:
                    seconds[name].append(time.perf_counter() - start)
        first = statistics.median(next(iter(seconds.values())))
        print(f"slices of {side_px}×{side_px} px, {slices} of them:")
        for name, taken in seconds.items():
            median = statistics.median(taken)
            late = float(np.percentile(taken, 95))
            print(
                f"  {name:<16} median {1e3 * median:6.1f} ms, 95 % within {1e3 * late:6.1f} ms, {median / first:5.2f} ×"
            )


if __name__ == "__main__":
    main()
