"""From masks to numbers: lesions and affected percentage on the slice's own grid."""

from __future__ import annotations

import math

import cv2
import numpy as np
from scipy.spatial.distance import pdist
from skimage.measure import label, regionprops
from skimage.measure._regionprops import RegionProperties

from TumorApp.imaging.records import LIVER, TUMOUR, AffectedOf, Float32, Lesion, Mask, Uint8

EIGHT_NEIGHBOURS = 2
"""Pixels that touch at a corner belong to one lesion, as in OpenCV's contours which the size rule uses."""


def measure_lesions(
    labels: Uint8, probability: Float32, spacing_mm: tuple[float, float] | None = None
) -> tuple[Lesion, ...]:
    """Measure each connected region of tumour.

    Area, perimeter (length of the line through the centres of border pixels, Benkrid & Crookes 2000) and eccentricity
    (of the ellipse with the same second moments) are scikit-image's.

    Args:
        labels: ``(H, W) uint8`` on the own grid: 0, 1, 2.
        probability: ``(H, W) float32``, tumour probability 0..1.
        spacing_mm: ``(row, column)``; without it the lengths in millimetres stay None.

    Returns:
        One record a lesion, largest area first.
    """
    regions = regionprops(label(labels == TUMOUR, connectivity=EIGHT_NEIGHBOURS), intensity_image=probability)
    lesions = [_lesion(region, labels.shape, spacing_mm) for region in regions]
    return tuple(sorted(lesions, key=lambda lesion: lesion.area_px, reverse=True))


def affected(labels: Uint8) -> tuple[float | None, AffectedOf]:
    """Return 100 × tumour / (liver or tumour) and what it is a share of.

    Where no liver was found, the tumour is given as a share of the whole slice; None where neither was found.
    """
    tumour = int(np.count_nonzero(labels == TUMOUR))
    liver = int(np.count_nonzero(labels == LIVER))
    if liver:
        return 100 * tumour / (liver + tumour), "liver"
    return (100 * tumour / labels.size if tumour else None), "slice"


def keep_regions(mask: Mask, smallest_px: float, seeds: Mask | None = None) -> Mask:
    """Return the connected regions of a mask that are large enough and, where seeds are given, hold one.

    Args:
        mask: ``(H, W) bool``.
        smallest_px: Regions of fewer pixels are left out.
        seeds: ``(H, W) bool``; regions without a pixel of it are left out.
    """
    count, regions, statistics, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    kept = statistics[:, cv2.CC_STAT_AREA] >= smallest_px
    if seeds is not None:
        kept &= np.bincount(regions[seeds], minlength=count) > 0
    kept[0] = False  # region 0 is the background
    return np.asarray(kept[regions])


def _lesion(region: RegionProperties, shape: tuple[int, ...], spacing_mm: tuple[float, float] | None) -> Lesion:
    top, left, bottom, right = (int(edge) for edge in region.bbox)
    area_px = int(region.area)
    return Lesion(
        box=(left, top, right - left, bottom - top),
        area_px=area_px,
        area_mm2=area_px * spacing_mm[0] * spacing_mm[1] if spacing_mm else None,
        diameter_mm=longest_diameter(region.image, spacing_mm) if spacing_mm else None,
        perimeter_px=float(region.perimeter),
        eccentricity=float(region.eccentricity),
        location=_location(region.centroid, shape),
        confidence=float(region.intensity_mean),
    )


def longest_diameter(mask: Mask, spacing_mm: tuple[float, float]) -> float:
    """Return the longest distance between two pixel corners of a region, in millimetres.

    It is the in-plane longest diameter of RECIST 1.1 (Eisenhauer et al. 2009, doi:10.1016/j.ejca.2008.10.026), taken
    from outer edge to outer edge as a caliper is set.

    Args:
        mask: ``(h, w) bool``, one region with at least one pixel.
        spacing_mm: ``(row, column)``.
    """
    rows, columns = np.nonzero(mask)
    corners = np.concatenate([np.stack([columns + x, rows + y], axis=1) for x in (0, 1) for y in (0, 1)])
    hull = cv2.convexHull(corners.astype(np.int32))[:, 0, ::-1]  # to (row, column)
    return float(pdist(hull * np.array(spacing_mm)).max())


def _location(centroid: tuple[float, float], shape: tuple[int, ...]) -> str:
    """Name the ninth of the slice in which a lesion's centre lies, as it appears in the picture."""
    row = ("upper", "middle", "lower")[min(2, math.floor(3 * centroid[0] / shape[0]))]
    column = ("left", "centre", "right")[min(2, math.floor(3 * centroid[1] / shape[1]))]
    return "centre of the picture" if (row, column) == ("middle", "centre") else f"{row} {column} of the picture"
