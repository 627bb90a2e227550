"""The original's size rule: boxes, extent and stage on the 128×128 grid. It is no TNM stage.

Source of every number here: the original application, as recorded in ``docs/fidelity.md``.
"""

from __future__ import annotations

import cv2
import numpy as np

from TumorApp.imaging.records import Box, Mask, SizeRule, Stage

GRID_PX = 128
"""The grid that the rule's lengths are counted on."""
COUNTING_SIDE_PX = 6
"""A box counts when both sides exceed this."""
STAGE_II_ABOVE = 30.0
STAGE_III_FROM = 50.0


def apply_size_rule(tumour: Mask) -> SizeRule:
    """Find the counting boxes of a tumour mask and the stage of the largest.

    Args:
        tumour: ``(128, 128) bool``.

    Returns:
        Boxes with the largest extent first; stage and extent are None where no box counts. The original took the
        stage of whichever box came last; here the largest extent decides.

    Raises:
        ValueError: If the mask is not on the rule's grid.
    """
    if tumour.shape != (GRID_PX, GRID_PX):
        raise ValueError(f"The size rule is defined on {GRID_PX}×{GRID_PX} pixels, not {tumour.shape}.")
    contours, _ = cv2.findContours(tumour.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    boxes = [_box(contour) for contour in contours]
    counting = sorted((box for box in boxes if min(box[2:]) > COUNTING_SIDE_PX), key=extent_of, reverse=True)
    if not counting:
        return SizeRule(stage=None, extent=None, boxes=())
    extent = extent_of(counting[0])
    return SizeRule(stage=stage_of(extent), extent=extent, boxes=tuple(counting))


def extent_of(box: Box) -> float:
    """Return ``(width + height) / 2`` of a box."""
    return (box[2] + box[3]) / 2


def stage_of(extent: float) -> Stage:
    """Return the stage of an extent in pixels of the 128×128 grid: III from 50, II above 30, else I."""
    if extent >= STAGE_III_FROM:
        return Stage.III
    return Stage.II if extent > STAGE_II_ABOVE else Stage.I


def _box(contour: np.ndarray) -> Box:
    x, y, width, height = cv2.boundingRect(contour)
    return int(x), int(y), int(width), int(height)
