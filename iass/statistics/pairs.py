"""Every method against every other, target by target, corrected for the number of tests."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from iass.foundation.errors import UserError
from iass.statistics.holm import adjust_holm
from iass.statistics.intervals import MIN_TRACKS
from iass.statistics.paired import ALPHA, NO_STAR, PairedDifference, compare_paired

FAMILY = ["experiment", "metric"]  # whose tests are corrected together: all pairs and targets
CELL = ["experiment", "dataset", "metric", "target"]
HOPELESS = "too many tests for so few tracks: no corrected p can be below 0.05"
_FIELDS = [field.name for field in fields(PairedDifference)]
_P = _FIELDS.index("p") + 1
COLUMNS = [*CELL, "first", "second", *_FIELDS[:_P], "p_holm", *_FIELDS[_P:]]


def compare_all(tracks: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return one row per experiment, data set, metric, target and pair of `methods`.

    `tracks` has one value per experiment, dataset, method, target, metric and track, as
    `average_seeds` returns. The columns are CELL, first and second (in the order of `methods`) and
    the fields of PairedDifference; p_holm is corrected over all rows of an experiment and metric,
    and `detectable` is at the level of that correction's first step.
    Rows of fewer than MIN_TRACKS tracks, whose p is never below 0.05, are no tests: they cost the
    others nothing (Tarone 1990, A modified Bonferroni method for discrete data), and theirs is NaN.
    """
    cells = {key: _pivot_cell(cell, methods) for key, cell in tracks.groupby(CELL)}
    tests: Counter[tuple[Any, ...]] = Counter()
    for key, values in cells.items():
        tests[_find_family(key)] += _count_tests(values)
    rows = [
        row
        for key, values in cells.items()
        for row in _compare_cell(key, values, tests[_find_family(key)])
    ]
    pairs = pd.DataFrame(rows, columns=[name for name in COLUMNS if name != "p_holm"])
    tested = pairs.assign(p_holm=pairs["p"].where(pairs["tracks"] >= MIN_TRACKS))
    p_holm = tested.groupby(FAMILY)["p_holm"].transform(adjust_holm)
    return _note_hopeless(tested.assign(p_holm=p_holm.astype(float))[COLUMNS])


def compare_to(tracks: pd.DataFrame, baseline: str, methods: Sequence[str]) -> pd.DataFrame:
    """Return the rows of `compare_all` with `baseline`, turned so that it is always the second.

    p_holm is that of `compare_all`. UserError if the baseline is none of the methods.
    """
    if baseline not in methods:
        raise UserError(f"There is no method '{baseline}'; choose one of: {', '.join(methods)}.")
    last = [method for method in methods if method != baseline]
    pairs = compare_all(tracks, [*last, baseline])
    rows: pd.DataFrame = pairs[pairs["second"] == baseline]
    return rows.reset_index(drop=True)


def _note_hopeless(pairs: pd.DataFrame) -> pd.DataFrame:
    """Say where even 2 / 2^n, the smallest p of a family's largest n, would not survive."""
    families, notes = pairs.groupby(FAMILY), pairs["note"].astype("str")
    least = 2 * 0.5 ** families["tracks"].transform("max") * families["p_holm"].transform("count")
    is_hopeless = (least > ALPHA) & (pairs["tracks"] > 0) & ~notes.str.contains(NO_STAR)
    longer = (notes + "; " + HOPELESS).str.removeprefix("; ")
    return pairs.assign(note=notes.mask(is_hopeless, longer))


def _pivot_cell(cell: pd.DataFrame, methods: Sequence[str]) -> pd.DataFrame:
    """Return the values of a cell, a row per track and a column per method."""
    values = cell.pivot(index="track", columns="method", values="value")
    return values.reindex(columns=list(methods)).astype(float)


def _find_family(key: tuple[Any, ...]) -> tuple[Any, ...]:
    names = dict(zip(CELL, key, strict=True))
    return tuple(names[name] for name in FAMILY)


def _count_tests(values: pd.DataFrame) -> int:
    """Return how many pairs of methods (columns) share tracks enough for a test."""
    is_scored = np.isfinite(values.to_numpy()).astype(int)
    return int((np.triu(is_scored.T @ is_scored, 1) >= MIN_TRACKS).sum())


def _compare_cell(
    key: tuple[Any, ...], values: pd.DataFrame, tests: int
) -> Iterator[dict[str, Any]]:
    scores = {method: values[method].to_numpy() for method in values.columns}
    names = dict(zip(CELL, key, strict=True))
    for first, second in combinations(values.columns, 2):
        difference = compare_paired(scores[first], scores[second], max(tests, 1))
        yield names | {"first": first, "second": second} | asdict(difference)
