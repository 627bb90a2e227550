"""Draws ``docs/pictures/synthesis.png``: tumours as training draws them, here in phantom livers.

Run ``python docs/make_contact_sheet.py`` from the root of the repository; the same seeds draw the same sheet.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from TumorApp.imaging.phantom import draw_phantom  # noqa: E402 - the path must be set first
from TumorApp.imaging.records import LIVER  # noqa: E402
from TumorApp.learning.dataset import SOFT_TISSUE_HU  # noqa: E402
from TumorApp.learning.hounsfield import show_window  # noqa: E402
from TumorApp.learning.synthesis import draw_lesions  # noqa: E402

ROWS, COLUMNS = 3, 5
COLOURS = 24
"""Enough for grey slices with a red line, at a small part of the full-colour file."""
OUT = ROOT / "docs" / "pictures" / "synthesis.png"


def main() -> None:
    """Draw the sheet."""
    figure = Figure(figsize=(COLUMNS * 2, ROWS * 2), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for seed, axes in enumerate(figure.subplots(ROWS, COLUMNS).ravel()):
        phantom = draw_phantom(seed, lesions=0)
        low, high = SOFT_TISSUE_HU
        hounsfield = low + phantom.grey.astype(np.float32) * np.float32((high - low) / 255)
        liver = phantom.labels >= LIVER
        drawn, tumour = draw_lesions(hounsfield, liver, np.random.default_rng(seed))
        rows, columns = np.nonzero(liver)
        part = (slice(rows.min() - 4, rows.max() + 5), slice(columns.min() - 4, columns.max() + 5))
        axes.imshow(show_window(drawn, SOFT_TISSUE_HU)[part], cmap="gray", vmin=0, vmax=255)
        axes.contour(tumour[part], levels=[0.5], colors="tab:red", linewidths=0.6)
        axes.set_axis_off()
    file = io.BytesIO()
    figure.savefig(file)
    with Image.open(file) as sheet:
        sheet.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(OUT, optimize=True)


if __name__ == "__main__":
    main()
