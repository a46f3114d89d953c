"""One method against another on the same tracks.

Scores of tracks differ far more than methods do, so methods are compared track by track: the
Hodges-Lehmann difference (the median of all averages of two differences) with its interval from
the exact signed-rank distribution (Hollander, Wolfe, Chicken 2014, Nonparametric Statistical
Methods, sections 3.1 to 3.3).
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm

from iass.statistics.intervals import TOO_FEW
from iass.statistics.signed_rank import Values, compute_null, compute_p_two_sided

TIE_DB = 0.1  # dB; a smaller difference on a track counts as none (PEERS section 4)
ALPHA = 0.05
POWER = 0.8
DECIMALS = 9  # dB; so that the rounding of a subtraction breaks no tie
NO_TRACKS = "no track in common"
NO_STAR = "too few tracks for any p below 0.05"
NO_DIFFERENCE = "no difference on any track"


@dataclass(frozen=True)
class PairedDifference:
    """First method minus second, in dB: positive where the first is better.

    `difference` is Hodges and Lehmann's, `low` and `high` its 95 % interval, `p` Wilcoxon's, two-
    sided, of this comparison alone. A tie is a track with less than TIE_DB of difference.
    `detectable` is the difference that would be found at this number of tracks in 80 % of such
    comparisons at a level of 5 % over the number of tests, the first and strictest of Holm's steps
    (measured: 74 to 84 %, with heavy tails 68 to 82 %, from 6 tracks and 1 test to 50 and 1800).
    What is undefined is NaN, as a difference that nothing would find, and `note` says why.
    """

    tracks: int
    difference: float
    low: float
    high: float
    p: float
    wins: int
    ties: int
    losses: int
    detectable: float
    note: str


def compare_paired(first: ArrayLike, second: ArrayLike, tests: int = 1) -> PairedDifference:
    """Compare two methods' scores (tracks,) in dB; tracks without two finite scores are left out.

    `tests` are corrected together, this one among them; only `detectable` depends on it.
    ValueError if the two are of different lengths.
    """
    differences, left_out = subtract_pairs(first, second)
    tracks = len(differences)
    averages = _average_pairs(differences)
    low, high = _find_interval(averages, tracks, ALPHA)
    return PairedDifference(
        tracks=tracks,
        difference=float(np.median(averages)) if tracks else np.nan,
        low=low,
        high=high,
        p=compute_p_two_sided(differences),
        wins=int((differences >= TIE_DB).sum()),
        ties=int((np.abs(differences) < TIE_DB).sum()),
        losses=int((differences <= -TIE_DB).sum()),
        detectable=_find_detectable(averages, tracks, ALPHA / tests),
        note=_describe(differences, left_out),
    )


def subtract_pairs(first: ArrayLike, second: ArrayLike) -> tuple[Values, int]:
    """Return first - second where both are finite, and the number of the other tracks."""
    pairs = np.array([first, second], dtype=float)
    is_defined = np.isfinite(pairs).all(axis=0)
    used = pairs[:, is_defined]
    return np.round(used[0] - used[1], DECIMALS), int((~is_defined).sum())


def _average_pairs(differences: Values) -> Values:
    """Return the n(n + 1)/2 averages of two differences, each also with itself, sorted."""
    rows, columns = _list_pairs(len(differences))
    averages: Values = np.sort((differences[rows] + differences[columns]) / 2)
    return averages


@lru_cache(maxsize=64)
def _list_pairs(tracks: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    return np.triu_indices(tracks)


def _find_interval(averages: Values, tracks: int, level: float) -> tuple[float, float]:
    """Return the shifts that the two-sided test would not refuse; NaN where it refuses none."""
    outside = _count_outside(tracks, level)
    if not outside:
        return np.nan, np.nan
    return float(averages[outside - 1]), float(averages[-outside])


@lru_cache(maxsize=1024)
def _count_outside(tracks: int, level: float) -> int:
    """Return how many sums of ranks, from 0 upwards, are rarer together than half the level."""
    null = compute_null(tuple(range(1, tracks + 1)))
    return int(np.searchsorted(np.cumsum(null), level / 2, side="right"))


def _find_detectable(averages: Values, tracks: int, level: float) -> float:
    """Return half the level's interval, stretched from a chance of 50 % of being found to POWER."""
    low, high = _find_interval(averages, tracks, level)
    stretch = 1 + norm.ppf(POWER) / norm.ppf(1 - level / 2)
    return float((high - low) / 2 * stretch)


def _describe(differences: Values, left_out: int) -> str:
    notes = []
    if not len(differences):
        notes.append(NO_TRACKS)
    elif not differences.any():
        notes.append(NO_DIFFERENCE)
    if len(differences) and not _count_outside(len(differences), ALPHA):
        notes += [TOO_FEW, NO_STAR]
    if left_out and len(differences):
        notes.append(f"tracks left out for want of a score: {left_out}")
    return "; ".join(notes)
