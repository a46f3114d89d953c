"""Whether one quantity rises or falls with another: Spearman's rank correlation.

Two tests, by what is independent: single points (all permutations, exact where they are few), or
groups of points such as the targets of one track (bootstrap over the groups).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import permutation_test, rankdata

from iass.statistics.intervals import MIN_TRACKS
from iass.statistics.paired import ALPHA

RESAMPLES = 9999  # permutations; quick, and p is exact to 0.005
DRAWS = 1999  # of groups; each is ranked anew, which takes 0.1 ms
CONSTANT = "fewer than two points, or points that do not vary"
TOO_FEW_GROUPS = f"fewer than {MIN_TRACKS} groups: no interval and no p"
Values = NDArray[np.float64]


@dataclass(frozen=True)
class Trend:
    """A rank correlation from -1 to 1 over `n` points or groups, with its 95 % interval.

    `p_rising` and `p_falling` are one-sided. What is undefined is NaN, and `note` says why.
    """

    n: int
    correlation: float
    low: float
    high: float
    p_rising: float
    p_falling: float
    note: str


def correlate_points(first: ArrayLike, second: ArrayLike, seed: int = 0) -> Trend:
    """Correlate independent points (n,); no interval. Points that are not finite are left out.

    All permutations are counted where there are at most RESAMPLES (n <= 7), else as many drawn.
    """
    x, y = _keep_finite(first, second)
    correlation = _correlate(x, y)
    if not np.isfinite(correlation):
        return Trend(len(x), np.nan, np.nan, np.nan, np.nan, np.nan, CONSTANT)
    rising, falling = _permute(x, y, "greater", seed), _permute(x, y, "less", seed)
    return Trend(len(x), correlation, np.nan, np.nan, rising, falling, "")


def correlate_groups(
    first: ArrayLike, second: ArrayLike, groups: ArrayLike, seed: int = 0
) -> Trend:
    """Correlate points (n,) of which those of one group, such as a track, depend on each other.

    Whole groups are resampled; `n` counts groups. Points that are not finite are left out.
    """
    names = np.asarray(groups)
    finite = np.isfinite(np.asarray(first, float)) & np.isfinite(np.asarray(second, float))
    x, y = (np.asarray(values, float)[finite] for values in (first, second))
    members = [np.flatnonzero(names[finite] == name) for name in np.unique(names[finite])]
    correlation = _correlate(x, y)
    if not np.isfinite(correlation) or len(members) < MIN_TRACKS:
        note = TOO_FEW_GROUPS if np.isfinite(correlation) else CONSTANT
        return Trend(len(members), correlation, np.nan, np.nan, np.nan, np.nan, note)
    drawn = _resample(x, y, members, np.random.default_rng(seed))
    low, high = np.nanquantile(drawn, [ALPHA / 2, 1 - ALPHA / 2])
    rising = (1 + (~(drawn > 0)).sum()) / (len(drawn) + 1)  # an undefined one speaks against both
    falling = (1 + (~(drawn < 0)).sum()) / (len(drawn) + 1)
    return Trend(len(members), correlation, float(low), float(high), rising, falling, "")


def _permute(x: Values, y: Values, alternative: Literal["greater", "less"], seed: int) -> float:
    ranks, others = rankdata(x), rankdata(y)
    found = permutation_test(
        (ranks,),
        lambda shuffled, axis: np.sum(shuffled * others, axis=axis),
        permutation_type="pairings",
        vectorized=True,
        n_resamples=RESAMPLES,
        alternative=alternative,
        rng=np.random.default_rng(seed),
    )
    return float(found.pvalue)


def _resample(
    x: Values, y: Values, members: list[NDArray[np.intp]], rng: np.random.Generator
) -> Values:
    draws = rng.integers(len(members), size=(DRAWS, len(members)))
    chosen = (np.concatenate([members[group] for group in draw]) for draw in draws)
    return np.array([_correlate(x[points], y[points]) for points in chosen])


def _correlate(x: Values, y: Values) -> float:
    if len(x) < 2 or not np.ptp(x) or not np.ptp(y):
        return float("nan")
    return float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])


def _keep_finite(first: ArrayLike, second: ArrayLike) -> tuple[Values, Values]:
    pairs = np.array([first, second], dtype=float)
    kept = pairs[:, np.isfinite(pairs).all(axis=0)]
    return kept[0], kept[1]
