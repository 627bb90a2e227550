"""Which lesions were found: predicted regions of one slice are paired with true ones, one to one.

The published scorer of the LiTS benchmark (Bilic et al. 2023, doi:10.1016/j.media.2022.102680) merges regions before it
compares them and has two defects: it fails on a case without tumour, and it mixes up the numbers of predicted and true
lesions, so that an unrelated false finding which shifts the numbers can make a poorly overlapped lesion count as found.
Here nothing is merged, and an overlap is only ever counted between the two regions of a pair.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from skimage.measure import label

from TumorApp.imaging.measurement import EIGHT_NEIGHBOURS
from TumorApp.imaging.records import Mask

Int64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class LesionOverlaps:
    """Every predicted against every true lesion of one slice.

    Attributes:
        predicted_px: ``(P,) int64``, pixels of each predicted lesion, largest first as in ``Analysis.lesions``.
        true_px: ``(T,) int64``, pixels of each true lesion, largest first.
        both_px: ``(P, T) int64``, pixels that each pair shares.
    """

    predicted_px: Int64
    true_px: Int64
    both_px: Int64

    @property
    def iou(self) -> NDArray[np.float64]:
        """``(P, T) float64``: intersection over union of each pair, 0..1."""
        union = self.predicted_px[:, np.newaxis] + self.true_px[np.newaxis, :] - self.both_px
        return self.both_px / union

    @property
    def touching(self) -> Mask:
        """``(P,) bool``: whether each predicted lesion shares a pixel with a true one."""
        return np.asarray(self.both_px.any(axis=1))


@dataclass(frozen=True, slots=True)
class Pairing:
    """Which lesions have a partner.

    Attributes:
        confirmed: For each predicted lesion, whether it was paired with a true one; else it is a false finding.
        found: For each true lesion, whether it was paired with a predicted one; else it was missed.
    """

    confirmed: tuple[bool, ...]
    found: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class LesionCounts:
    """Lesions by what became of them; they add up over slices.

    Attributes:
        found: Pairs of a predicted and a true lesion.
        missed: True lesions without partner.
        false_findings: Predicted lesions without partner.
    """

    found: int = 0
    missed: int = 0
    false_findings: int = 0

    def __add__(self, other: LesionCounts) -> LesionCounts:
        return LesionCounts(
            self.found + other.found, self.missed + other.missed, self.false_findings + other.false_findings
        )

    @property
    def precision(self) -> float:
        """Share of the predicted lesions that are true; nan where none was predicted."""
        predicted = self.found + self.false_findings
        return self.found / predicted if predicted else math.nan

    @property
    def recall(self) -> float:
        """Share of the true lesions that were found; nan where there is none."""
        true = self.found + self.missed
        return self.found / true if true else math.nan

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall, ``2·found / (predicted + true)``; nan where there are no lesions."""
        lesions = 2 * self.found + self.missed + self.false_findings
        return 2 * self.found / lesions if lesions else math.nan


def lesion_overlaps(predicted: Mask, true: Mask) -> LesionOverlaps:
    """Number the connected regions of both masks and count what they share.

    Pixels that touch at a corner belong to one region, as in ``measurement.measure_lesions``.

    Args:
        predicted: ``(H, W) bool``.
        true: ``(H, W) bool``, on the same grid.

    Raises:
        ValueError: If the masks are not on the same grid.
    """
    if predicted.shape != true.shape:
        raise ValueError(f"The masks lie on different grids: {predicted.shape} and {true.shape}.")
    rows = label(predicted, connectivity=EIGHT_NEIGHBOURS)
    columns = label(true, connectivity=EIGHT_NEIGHBOURS)
    shared = np.zeros((int(rows.max()) + 1, int(columns.max()) + 1), np.int64)
    np.add.at(shared, (rows.ravel(), columns.ravel()), 1)
    predicted_px, true_px = shared.sum(axis=1)[1:], shared.sum(axis=0)[1:]
    row_order, column_order = _largest_first(predicted_px), _largest_first(true_px)
    return LesionOverlaps(
        predicted_px=predicted_px[row_order],
        true_px=true_px[column_order],
        both_px=shared[1:, 1:][np.ix_(row_order, column_order)],
    )


def pair_lesions(overlaps: LesionOverlaps, iou_above: float) -> Pairing:
    """Pair predicted with true lesions, each with at most one partner.

    As many pairs as possible are made; where they can be made in several ways, that of the largest total overlap is
    taken (Kuhn 1955, doi:10.1002/nav.3800020109). So a region that covers two lesions finds one of them, and of two
    regions on one lesion one is a false finding.

    Args:
        overlaps: Of one slice.
        iou_above: Intersection over union that a pair must exceed, 0 for any overlap.

    Returns:
        Who has a partner, in the order of ``overlaps``.
    """
    iou = overlaps.iou
    possible = iou > iou_above
    # A possible pair is worth more than all overlaps of one slice together, so that the number of pairs comes first.
    worth = np.where(possible, 1 + min(iou.shape, default=0) + iou, 0.0)
    rows, columns = linear_sum_assignment(worth, maximize=True)
    paired = possible[rows, columns]
    confirmed, found = np.zeros(iou.shape[0], bool), np.zeros(iou.shape[1], bool)
    confirmed[rows[paired]] = True
    found[columns[paired]] = True
    return Pairing(tuple(confirmed.tolist()), tuple(found.tolist()))


def count_pairs(pairing: Pairing) -> LesionCounts:
    """Count the lesions of a pairing by what became of them."""
    found = sum(pairing.found)
    return LesionCounts(found, len(pairing.found) - found, len(pairing.confirmed) - sum(pairing.confirmed))


def equivalent_diameter(area: float) -> float:
    """Return the diameter of the disc of that area, ``2·√(area / π)``, in the unit whose square the area has."""
    return 2 * math.sqrt(area / math.pi)


def _largest_first(sizes: Int64) -> Int64:
    """Order by falling size; equal ones stay as they are numbered, which is also how lesions are listed."""
    return np.argsort(-sizes, kind="stable")
