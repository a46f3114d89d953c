"""Wilcoxon's signed-rank test, exact for any number of tracks, with ties and zeros.

Under no difference every sign is a fair coin, so the distribution of the sum of the positive ranks
is a convolution over the ranks; with ties they are mid-ranks (Pratt and Gibbons 1981, Concepts of
Nonparametric Theory, chapter 3). Differences of zero say nothing of a direction and are left out.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Values = NDArray[np.float64]


def compute_p_greater(differences: Values) -> float:
    """Return the p of `differences` (n,) lying above zero; 1 where all are zero, NaN for none."""
    ranks, total = _sum_positive_ranks(differences)
    if not ranks:
        return 1.0 if len(differences) else float("nan")
    return float(min(compute_null(ranks)[total:].sum(), 1.0))


def compute_p_two_sided(differences: Values) -> float:
    """Return the p of `differences` (n,) lying around another value than zero, as above."""
    return min(2 * min(compute_p_greater(differences), compute_p_greater(-differences)), 1.0)


@lru_cache(maxsize=1024)
def compute_null(ranks: tuple[int, ...]) -> Values:
    """Return the probability of each sum 0, 1, ... of a random half of integer `ranks`."""
    null = np.ones(1)
    for rank in ranks:
        still, added = np.zeros(len(null) + rank), np.zeros(len(null) + rank)
        still[: len(null)], added[rank:] = null, null
        null = (still + added) / 2
    return null


def _sum_positive_ranks(differences: Values) -> tuple[tuple[int, ...], int]:
    """Return the ranks of all that is not zero, and their sum where positive.

    All are doubled, which makes mid-ranks whole numbers.
    """
    signed = differences[differences != 0]
    ranks = np.rint(2 * rankdata(np.abs(signed))).astype(int)
    return tuple(np.sort(ranks).tolist()), int(ranks[signed > 0].sum())
