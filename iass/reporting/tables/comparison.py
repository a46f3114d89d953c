"""The table of `iass compare`: every method beside a baseline, target by target."""

from collections.abc import Hashable, Mapping
from textwrap import fill
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from iass.reporting.context import FAULTY, FAULTY_NOTE, HEARD, HEARD_NOTE
from iass.reporting.style import label_name
from iass.reporting.terminal import print_table
from iass.statistics.paired import TIE_DB
from iass.statistics.pairs import CELL, compare_to
from iass.statistics.summary import summarise_tracks

Row = Mapping[Hashable, Any]

LEAST_P = 0.001  # a smaller p is not worth its digits
SUMMARY = [
    "median", "low", "high", "tracks_scored", "tracks_failed", "tracks_trained_on",
    "tracks_erratum", "interval_note",
]  # fmt: skip
PAIRED = {
    "tracks": "tracks_compared",
    "difference": "difference",
    "low": "difference_low",
    "high": "difference_high",
    "p": "p",
    "p_holm": "p_holm",
    "wins": "wins",
    "ties": "ties",
    "losses": "losses",
    "detectable": "detectable",
    "note": "note",
}
EXPLANATION = (
    "median: over n tracks, with its 95 % BCa bootstrap interval. difference: to the baseline on "
    "the same tracks, Hodges-Lehmann with its 95 % interval; above 0 the method is better. p: "
    "Wilcoxon's signed-rank test, two-sided, corrected by Holm for all pairs of methods on all "
    f"targets. w/t/l: tracks won, tied (less than {TIE_DB:g} dB apart) and lost. detects: the "
    "difference in dB that is found in 80 % of cases, at the strictest level of that correction; "
    "-: none would be."
)


def tabulate_comparison(tracks: pd.DataFrame, baseline: str) -> pd.DataFrame:
    """Return one row per experiment, data set, metric, target and method, the best method first.

    `tracks` has one value per experiment, dataset, method, target, metric and track, as
    `average_seeds` returns. Columns: the median (dB) with its interval and its numbers of tracks,
    and the paired difference to `baseline`, missing in the baseline's own row. UserError if the
    baseline is none of the methods.
    """
    methods = list(dict.fromkeys(tracks["method"]))
    pairs = compare_to(tracks, baseline, methods).rename(columns=PAIRED | {"first": "method"})
    keys = [*CELL, "method"]
    rows = summarise_tracks(tracks)[[*keys, *SUMMARY]].merge(
        pairs[[*keys, *PAIRED.values()]], on=keys, how="left"
    )
    counts = dict.fromkeys(["tracks_compared", "wins", "ties", "losses"], "Int64")
    rows = rows.assign(note=rows["note"].fillna("")).astype(counts)
    rows.insert(len(keys), "baseline", baseline)
    order = rows.sort_values("median", ascending=False, kind="stable")
    return order.sort_values(CELL, kind="stable", ignore_index=True)


def format_comparison(table: pd.DataFrame, width: int) -> str:
    """Return the table of `tabulate_comparison` as text for a terminal of `width` columns."""
    pages = [_format_cell(rows, width) for _, rows in table.groupby(CELL, sort=False)]
    marks = {HEARD_NOTE: "tracks_trained_on", FAULTY_NOTE: "tracks_erratum"}
    notes = [note for note, counts in marks.items() if table[counts].any()]
    return "\n".join([*pages, *(fill(text, width) for text in (EXPLANATION, *notes))])


def _format_cell(rows: pd.DataFrame, width: int) -> str:
    first = rows.iloc[0]
    page = Table(
        box=SIMPLE_HEAD,
        title=f"{first['metric']} in dB, {label_name(first['target'])} "
        f"(experiment {first['experiment']}, data set {first['dataset']})",
        caption="\n".join(_list_notes(rows)) or None,
        title_justify="left",
        caption_justify="left",
    )
    page.add_column("method", no_wrap=True)
    for name in ("median", "n", "difference", "p", "w/t/l", "detects"):
        page.add_column(name, justify="right")
    for row in rows.to_dict("records"):
        page.add_row(*_format_row(row))
    return print_table(page, width)


def _format_row(row: Row) -> list[str]:
    marks = HEARD * (row["tracks_trained_on"] > 0) + FAULTY * (row["tracks_erratum"] > 0)
    name = label_name(row["method"])
    median = _format_estimate(row["median"], row["low"], row["high"], "z.2f", marks)
    if row["method"] == row["baseline"]:
        return [name, median, str(row["tracks_scored"]), "baseline", "", "", ""]
    return [
        name,
        median,
        str(row["tracks_scored"]),
        _format_estimate(row["difference"], row["difference_low"], row["difference_high"], "+z.2f"),
        _format_p(row["p_holm"]),
        f"{row['wins']}/{row['ties']}/{row['losses']}",
        _format_number(row["detectable"], ".2f"),
    ]


def _format_estimate(value: float, low: float, high: float, style: str, marks: str = "") -> str:
    """Return the value with its interval, without the latter where there is none."""
    text = f"{_format_number(value, style)}{marks}"
    return f"{text} [{low:z.2f}, {high:z.2f}]" if np.isfinite([low, high]).all() else text


def _format_number(value: float, style: str) -> str:
    return format(value, style) if np.isfinite(value) else "-"


def _format_p(p: float) -> str:
    return f"<{LEAST_P:g}" if p < LEAST_P else _format_number(p, ".3f")


def _list_notes(rows: pd.DataFrame) -> list[str]:
    """Return each note once, with the methods that it is about."""
    notes: dict[str, dict[str, None]] = {}
    for column in ("interval_note", "note"):
        for method, text in zip(rows["method"], rows[column], strict=True):
            for note in filter(None, text.split("; ")):
                notes.setdefault(note, {})[label_name(method)] = None
    of_medians = set("; ".join(rows["interval_note"]).split("; "))
    return [
        f"{'all' if len(names) >= _count_all(rows, note in of_medians) else ', '.join(names)}: "
        f"{note}."
        for note, names in notes.items()
    ]


def _count_all(rows: pd.DataFrame, has_median: bool) -> int:
    """Return how many methods a note can be about: the baseline has a median, no difference."""
    return len(rows) if has_median else len(rows) - 1
