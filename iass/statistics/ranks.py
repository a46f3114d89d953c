"""Which methods rank first on the tracks that all of them share.

Friedman's test over all methods, then the Holm-corrected pairwise tests (Demšar 2006, Statistical
Comparisons of Classifiers over Multiple Data Sets, JMLR 7; signed ranks in place of Nemenyi's test
after Benavoli, Corani, Mangili 2016, JMLR 17).
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, rankdata

from iass.statistics.holm import adjust_holm
from iass.statistics.paired import ALPHA, compare_paired

Pair = frozenset[str]


@dataclass(frozen=True)
class Ranking:
    """Methods from best to worst, with their mean ranks (1 = best on every track).

    `statistic` and `p` are Friedman's. Each of `groups` holds methods next to each other of which
    no pair is told apart, two or more, and no group lies within another. What is undefined is NaN,
    and `note` says why.
    """

    methods: tuple[str, ...]
    mean_ranks: tuple[float, ...]
    tracks: int
    statistic: float
    p: float
    groups: tuple[tuple[str, ...], ...]
    note: str


def rank_methods(
    values: pd.DataFrame, pairs: pd.DataFrame | None = None, alpha: float = ALPHA
) -> Ranking:
    """Rank methods by `values`: one row per track, one column per method, higher is better.

    `pairs` are these methods' rows of `compare_all` (first, second, p_holm), so that the groups
    agree with the other tables; without them, Holm's correction counts the pairs of `values` only.
    Methods without any finite value are left out, then tracks where a method has none.
    """
    finite = values.where(np.isfinite(values))
    absent = [str(method) for method in finite.columns[finite.isna().all()]]
    shared = finite.dropna(how="all").drop(columns=absent).dropna()
    ranks = rankdata(-shared.to_numpy(dtype=float), axis=1)
    means = pd.Series(ranks.mean(axis=0) if len(shared) else np.nan, index=shared.columns)
    methods = tuple(means.sort_values(kind="stable").index)
    alike = _find_alike(finite[list(methods)], pairs, alpha)
    groups = _join_neighbours(methods, alike)
    statistic, p = _test_friedman(shared)
    return Ranking(
        methods=methods,
        mean_ranks=tuple(means[list(methods)].tolist()),
        tracks=len(shared),
        statistic=statistic,
        p=p,
        groups=groups,
        note=_describe(values, shared, absent, alike, groups),
    )


def _test_friedman(shared: pd.DataFrame) -> tuple[float, float]:
    """Return statistic and p; 0 and 1 where all methods tie on every track, NaN if undefined."""
    tracks, methods = shared.shape
    if tracks < 2 or methods < 3:
        return np.nan, np.nan
    if (shared.nunique(axis=1) == 1).all():
        return 0.0, 1.0
    found = friedmanchisquare(*shared.to_numpy(dtype=float).T)
    return float(found.statistic), float(found.pvalue)


def _find_alike(finite: pd.DataFrame, pairs: pd.DataFrame | None, alpha: float) -> set[Pair]:
    """Return the pairs of methods that are not told apart; a pair without a test is one."""
    tested = _compare_pairs(finite) if pairs is None else pairs
    rows = zip(tested["first"], tested["second"], tested["p_holm"], strict=True)
    told_apart = {frozenset((first, second)) for first, second, p in rows if p < alpha}
    every = {frozenset(pair) for pair in combinations(finite.columns, 2)}
    return every - told_apart


def _compare_pairs(finite: pd.DataFrame) -> pd.DataFrame:
    names = list(combinations(finite.columns, 2))
    p = [compare_paired(finite[first], finite[second]).p for first, second in names]
    return pd.DataFrame(names, columns=["first", "second"]).assign(p_holm=adjust_holm(p))


def _join_neighbours(methods: tuple[str, ...], alike: set[Pair]) -> tuple[tuple[str, ...], ...]:
    groups: list[tuple[str, ...]] = []
    last_end = 0
    for start in range(len(methods)):
        end = start + 1
        while end < len(methods) and _is_group(methods[start : end + 1], alike):
            end += 1
        if end > max(last_end, start + 1):
            groups.append(methods[start:end])
        last_end = max(last_end, end)
    return tuple(groups)


def _is_group(methods: tuple[str, ...], alike: set[Pair]) -> bool:
    return all(frozenset(pair) in alike for pair in combinations(methods, 2))


def _describe(
    values: pd.DataFrame,
    shared: pd.DataFrame,
    absent: list[str],
    alike: set[Pair],
    groups: tuple[tuple[str, ...], ...],
) -> str:
    joined = {frozenset(pair) for group in groups for pair in combinations(group, 2)}
    notes = {
        f"no value of {', '.join(absent)}": absent,
        "fewer than 3 methods: no Friedman test": shared.shape[1] < 3,
        "fewer than 2 tracks that all methods share: no Friedman test": len(shared) < 2,
        f"tracks left out for want of a score: {len(values) - len(shared)}": (
            len(values) > len(shared)
        ),
        f"pairs not told apart that share no group: {len(alike - joined)}": alike - joined,
    }
    return "; ".join(note for note, holds in notes.items() if holds)
