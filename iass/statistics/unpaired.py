"""Two samples of different tracks: Mann and Whitney's test, with the shift and its interval.

Hollander, Wolfe, Chicken 2014, Nonparametric Statistical Methods, sections 4.1 to 4.3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import mannwhitneyu, norm

from iass.statistics.paired import ALPHA


@dataclass(frozen=True)
class Shift:
    """How much higher the first sample lies, in the values' unit, with its 95 % interval.

    The median of all differences between the two; `p` is two-sided. NaN where undefined: without
    values, or of the interval where it would be unbounded.
    """

    estimate: float
    low: float
    high: float
    p: float


def compare_unpaired(first: ArrayLike, second: ArrayLike) -> Shift:
    """Compare two samples (n,) and (m,); values that are not finite are left out."""
    one, other = (_keep_finite(sample) for sample in (first, second))
    if not len(one) or not len(other):
        return Shift(np.nan, np.nan, np.nan, np.nan)
    differences = np.sort(np.subtract.outer(one, other), axis=None)
    outside = _count_outside(len(one), len(other))
    low, high = (differences[outside - 1], differences[-outside]) if outside else (np.nan, np.nan)
    p = mannwhitneyu(one, other).pvalue if np.ptp(np.concatenate([one, other])) else 1.0
    return Shift(float(np.median(differences)), float(low), float(high), float(p))


def _count_outside(first: int, second: int) -> int:
    """Return how many differences at each end lie outside the interval; normal approximation."""
    pairs = first * second
    spread = np.sqrt(pairs * (first + second + 1) / 12)
    return max(int(np.floor(pairs / 2 - norm.ppf(1 - ALPHA / 2) * spread)), 0)


def _keep_finite(sample: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(sample, dtype=float)
    kept: NDArray[np.float64] = values[np.isfinite(values)]
    return kept
