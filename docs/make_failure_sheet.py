"""Draws ``docs/pictures/failures.png``: phantoms that are hard for the default model, with what it answered.

Run ``python docs/make_failure_sheet.py`` from the root of the repository. Every phantom comes from a fixed seed. Green
is the outline of the drawn lesion, red what the network marked, and the title says what it made of the slice.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from TumorApp.imaging.card import DEFAULT_MODEL  # noqa: E402 - the path must be set first
from TumorApp.imaging.phantom import draw_phantom  # noqa: E402
from TumorApp.imaging.pipeline import analyse  # noqa: E402
from TumorApp.imaging.records import LIVER, TUMOUR, Float32, Mask  # noqa: E402
from TumorApp.imaging.segmentation import load_segmenter  # noqa: E402
from TumorApp.learning.dataset import SOFT_TISSUE_HU  # noqa: E402
from TumorApp.learning.hounsfield import show_window  # noqa: E402
from TumorApp.learning.synthesis import Appearance, draw_lesions  # noqa: E402

OUT = ROOT / "docs" / "pictures" / "failures.png"
COLOURS = 96
PLAIN = {"more": 0.0, "bright": 0.0, "core": 0.0, "rim": 0.0, "calcified": 0.0, "mottling_hu": (0.0, 0.0)}
"""A lesion without any of the features that give it away."""

Case = tuple[Float32, Mask]


def main() -> None:
    """Draw the sheet and print what was answered."""
    segmenter = load_segmenter(ROOT / "model" / DEFAULT_MODEL)
    figure = Figure(figsize=(12, 6.4), dpi=80, layout="constrained")
    FigureCanvasAgg(figure)
    for axes, (title, draw) in zip(figure.subplots(2, 4).ravel(), CASES.items(), strict=True):
        grey, lesion = draw()
        file = io.BytesIO()
        Image.fromarray(np.rint(grey).astype(np.uint8)).save(file, "PNG")
        analysis = analyse(file.getvalue(), "phantom.png", segmenter)
        marked = analysis.labels == TUMOUR
        chance = "" if analysis.tumour_chance is None else f", chance {analysis.tumour_chance:.0%}"
        answer = ("tumour marked" if marked.any() else "nothing marked") + chance
        print(f"{title}: {answer}; liver {analysis.liver_area_px} px")
        axes.imshow(grey, cmap="gray", vmin=0, vmax=255)
        for mask, colour in ((lesion, "lime"), (marked, "red")):
            if mask.any():
                axes.contour(mask, levels=[0.5], colors=colour, linewidths=0.8)
        axes.set_title(f"{title}\n{answer}", fontsize=9)
        axes.set_axis_off()
    file = io.BytesIO()
    figure.savefig(file)
    with Image.open(file) as sheet:
        sheet.convert("RGB").quantize(COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE).save(
            OUT, optimize=True
        )


def _with_lesion(seed: int = 3, window_hu: tuple[float, float] = SOFT_TISSUE_HU, **look: object) -> Case:
    """A phantom with one lesion of a given look, shown in a window."""
    phantom = draw_phantom(seed, lesions=0)
    low, high = SOFT_TISSUE_HU
    hounsfield = low + phantom.grey.astype(np.float32) * np.float32((high - low) / 255)
    appearance = Appearance(**{**PLAIN, **look})  # type: ignore[arg-type]
    drawn, lesion = draw_lesions(
        hounsfield, phantom.labels >= LIVER, np.random.default_rng(seed), appearance=appearance
    )
    return show_window(drawn, window_hu), lesion


def _noisy() -> Case:
    grey, lesion = _with_lesion(diameter_mm=(14.0, 14.0), contrast_hu=(25.0, 25.0))
    noise = np.random.default_rng(0).normal(0, 40, grey.shape).astype(np.float32)
    return (grey + noise).clip(0, 255), lesion


def _mirrored() -> Case:
    grey, lesion = _with_lesion(diameter_mm=(14.0, 14.0), contrast_hu=(25.0, 25.0))
    return np.ascontiguousarray(grey[::-1, ::-1]), np.ascontiguousarray(lesion[::-1, ::-1])


CASES: dict[str, Callable[[], Case]] = {
    "small: 4 mm": lambda: _with_lesion(diameter_mm=(4.0, 4.0), contrast_hu=(40.0, 40.0)),
    "faint: 7 HU": lambda: _with_lesion(diameter_mm=(25.0, 25.0), contrast_hu=(7.0, 7.0)),
    "bright: 40 HU above liver": lambda: _with_lesion(diameter_mm=(20.0, 20.0), bright=1.0, contrast_hu=(40.0, 40.0)),
    "a cyst, no tumour": lambda: _with_lesion(
        diameter_mm=(20.0, 20.0), contrast_hu=(95.0, 95.0), roughness=(0.0, 0.0), border_mm=(0.6, 0.6)
    ),
    "full range of values": lambda: _with_lesion(
        window_hu=(-1024.0, 3071.0), diameter_mm=(14.0, 14.0), contrast_hu=(25.0, 25.0)
    ),
    "strong noise": _noisy,
    "upside down and mirrored": _mirrored,
    "not CT: coins": lambda: (_coins(), np.zeros((303, 384), np.bool_)),
}


def _coins() -> Float32:
    from skimage import data

    return np.asarray(data.coins(), np.float32)


if __name__ == "__main__":
    main()
