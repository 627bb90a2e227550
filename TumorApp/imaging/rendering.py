"""Pictures of an analysis: the figure of the result page, the mask and the slice as files."""

from __future__ import annotations

import io

import cv2
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from TumorApp.imaging.preprocessing import pad_to_square
from TumorApp.imaging.records import TUMOUR, Analysis, CTSlice, Uint8
from TumorApp.imaging.staging import GRID_PX

PANEL_PX = 400
RED = (255, 0, 0)
LINE_PX = 2
TEXT_SCALE = 0.7
VERDICT_AT, STAGE_AT = (10, 25), (10, 55)
FIGURE_INCHES, FIGURE_DPI = (9.0, 4.9), 100


def figure_png(analysis: Analysis) -> bytes:
    """Draw slice and mask side by side, as the original's result page does, and return a PNG.

    A plain ``Figure`` is used because ``pyplot`` keeps every figure alive and is not safe between threads.
    """
    figure = Figure(figsize=FIGURE_INCHES, dpi=FIGURE_DPI, layout="constrained")
    FigureCanvasAgg(figure)  # otherwise matplotlib looks for a screen
    left, right = figure.subplots(1, 2)
    left.imshow(annotated_slice(analysis))
    left.set_title("Original Image")
    mask = cv2.resize(pad_to_square(analysis.labels), (PANEL_PX, PANEL_PX), interpolation=cv2.INTER_NEAREST)
    right.imshow(mask, vmin=0, vmax=TUMOUR)
    right.set_title("Tumor Image")
    for panel in (left, right):
        panel.set_axis_off()
    file = io.BytesIO()
    figure.savefig(file, format="png", pil_kwargs={"compress_level": 3})
    return file.getvalue()


def annotated_slice(analysis: Analysis) -> Uint8:
    """Return the slice at 400×400 with counting boxes and caption in red: ``(400, 400, 3) uint8``, RGB."""
    grey = np.rint(pad_to_square(analysis.ct_slice.grey)).astype(np.uint8)
    shrink = cv2.INTER_AREA if grey.shape[0] > PANEL_PX else cv2.INTER_CUBIC
    panel = cv2.cvtColor(cv2.resize(grey, (PANEL_PX, PANEL_PX), interpolation=shrink), cv2.COLOR_GRAY2RGB)
    for x, y, width, height in analysis.size_rule.boxes:
        scale = PANEL_PX / GRID_PX
        corner = (round(x * scale), round(y * scale))
        cv2.rectangle(panel, corner, (round((x + width) * scale), round((y + height) * scale)), RED, LINE_PX)
    for text, place in zip(caption(analysis), (VERDICT_AT, STAGE_AT), strict=False):
        cv2.putText(panel, text, place, cv2.FONT_HERSHEY_SIMPLEX, TEXT_SCALE, RED, LINE_PX, cv2.LINE_AA)
    return np.asarray(panel, np.uint8)


def caption(analysis: Analysis) -> tuple[str, ...]:
    """Return the original's two lines; ``Affected %`` is the true percentage, which the original's was not."""
    if not analysis.tumour_detected:
        return ("No Tumor Detected",)
    stage = f" Stage {int(analysis.size_rule.stage)}" if analysis.size_rule.stage is not None else ""
    return "Tumor Detected", f"(Affected % = {analysis.affected_percent:.1f} ){stage}"


def mask_png(labels: Uint8) -> bytes:
    """Return a label mask as an 8-bit PNG of 0, 1 and 2 on its own grid."""
    return _png(labels)


def slice_png(ct_slice: CTSlice) -> bytes:
    """Return a slice as an 8-bit grey PNG on its own grid, without anything else that its file carried."""
    return _png(np.rint(ct_slice.grey).astype(np.uint8))


def _png(pixels: Uint8) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG", compress_level=3)
    return file.getvalue()
