"""How far the outlines of two masks lie apart, in millimetres. A distance that does not exist is nan, never 0."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import nan

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial import cKDTree

from TumorApp.imaging.records import Mask

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class SurfaceDistances:
    """Distances between the outlines of a predicted and a true mask; those of several slices can be joined.

    Attributes:
        to_true: ``(N,) float64``, millimetres: from each border pixel of the predicted mask to the nearest of the true.
        to_predicted: ``(M,) float64``, millimetres: from each border pixel of the true mask to the nearest predicted.
    """

    to_true: Float64
    to_predicted: Float64

    @property
    def average_symmetric_mm(self) -> float:
        """Mean of all distances of both directions (ASSD, Heimann et al. 2009, doi:10.1109/TMI.2009.2013851)."""
        return float(self._all.mean()) if self._all.size else nan

    @property
    def hausdorff_mm(self) -> float:
        """Largest of all distances (Huttenlocher et al. 1993, doi:10.1109/34.232073)."""
        return float(self._all.max()) if self._all.size else nan

    @property
    def hausdorff_95_mm(self) -> float:
        """The larger of the two directions' 95th percentiles, which one stray pixel does not decide.

        Taha & Hanbury 2015, doi:10.1186/s12880-015-0068-x; the percentile of each direction is taken before the larger
        one is chosen, so that a long outline does not drown a short one.
        """
        if not self._all.size:
            return nan
        return float(max(np.percentile(self.to_true, 95), np.percentile(self.to_predicted, 95)))

    @property
    def _all(self) -> Float64:
        return np.concatenate([self.to_true, self.to_predicted])


def surface_distances(predicted: Mask, true: Mask, spacing_mm: tuple[float, float]) -> SurfaceDistances | None:
    """Measure the distances between two outlines of one slice, between centres of border pixels.

    Args:
        predicted: ``(H, W) bool``.
        true: ``(H, W) bool``, on the same grid.
        spacing_mm: ``(row, column)``.

    Returns:
        The distances, or None where either mask is empty: there is no outline to measure to.

    Raises:
        ValueError: If the masks are not on the same grid.
    """
    if predicted.shape != true.shape:
        raise ValueError(f"The masks lie on different grids: {predicted.shape} and {true.shape}.")
    if not (predicted.any() and true.any()):
        return None
    predicted_mm = _border_mm(predicted, spacing_mm)
    true_mm = _border_mm(true, spacing_mm)
    return SurfaceDistances(
        to_true=cKDTree(true_mm).query(predicted_mm)[0], to_predicted=cKDTree(predicted_mm).query(true_mm)[0]
    )


def joined(distances: Iterable[SurfaceDistances]) -> SurfaceDistances:
    """Put the distances of several slices together, as if all their outlines were one."""
    kept = list(distances)
    nothing = np.empty(0)
    return SurfaceDistances(
        to_true=np.concatenate([nothing, *(one.to_true for one in kept)]),
        to_predicted=np.concatenate([nothing, *(one.to_predicted for one in kept)]),
    )


def _border_mm(mask: Mask, spacing_mm: tuple[float, float]) -> Float64:
    """Centres of the border pixels, ``(N, 2) float64`` in millimetres.

    A pixel of the mask is on its border where one of its four neighbours is not in it, or lies beyond the picture.
    """
    border = mask & ~binary_erosion(mask)
    return np.argwhere(border).astype(np.float64) * np.asarray(spacing_mm, np.float64)
