"""The result table: median SDR of every method on every target, with its interval and n."""

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from iass.foundation.files import write_text
from iass.reporting.cells import Cell, complete_summary, list_cells
from iass.reporting.context import FAULTY, FAULTY_NOTE, HEARD, HEARD_NOTE, RUNS, Context
from iass.reporting.latex import escape_latex, format_booktabs
from iass.reporting.style import label_name
from iass.reporting.terminal import print_table
from iass.scoring.table import METRICS
from iass.statistics.summary import (
    GROUP,
    average_seeds,
    compute_track_medians,
    summarise_tracks,
)
from iass.statistics.variance import PARTS, split_variance

Cells = dict[tuple[str, str], Cell]

NOT_RUN = "not run"
NOT_SCORED = "not scored"
MOST_DOUBLE = 16  # methods with two lines each that fit on a page of LaTeX
RANKS_NOTE = "Bold: the best system of each target; underlined: the second."
_DECIMALS = "%.3f"  # dB in CSV; the third decimal is far below the spread over tracks


@dataclass(frozen=True)
class ResultTables:
    """One result in three forms: all metrics as tidy rows, SDR as Markdown and as LaTeX."""

    metrics: pd.DataFrame
    markdown: str
    latex: str


def render_tables(scores: pd.DataFrame, context: Context) -> ResultTables:
    """Return the result tables of one experiment on one data set, whose scores are given.

    Rows are the methods and columns the targets of the context; a cell without scores says
    "not run", or "not scored" with the reason in a footnote.
    """
    medians = compute_track_medians(scores[scores["metric"].isin(METRICS)])
    summary = summarise_tracks(average_seeds(medians))
    names = sorted(METRICS, key=lambda metric: metric != "SDR")  # SDR first
    tables = [complete_summary(summary, metric, context) for metric in names]
    metrics = _add_variance(pd.concat(tables, ignore_index=True), medians)
    sdr = metrics[metrics["metric"] == "SDR"]
    return ResultTables(metrics, _format_markdown(sdr, context), _format_latex(sdr, context))


def write_result_tables(tables: ResultTables, stem: Path) -> None:
    """Write `stem`.md and `stem`.tex (SDR), and `stem`.csv (SDR first, then ISR, SIR and SAR)."""
    write_text(stem.with_name(f"{stem.name}.csv"), _format_csv(tables.metrics))
    write_text(stem.with_name(f"{stem.name}.md"), tables.markdown)
    write_text(stem.with_name(f"{stem.name}.tex"), tables.latex)


def format_summary(table: pd.DataFrame, width: int = 100) -> str:
    """Return the SDRs of a result table (its CSV) as text for a terminal of `width` columns.

    * marks the best system of a target; the last row says how many tracks a median rests on.
    """
    sdr = table[table["metric"] == "SDR"]
    texts = ["reason", "interval_note"]
    sdr = sdr.assign(**{name: sdr[name].astype("str").fillna("") for name in texts})
    cells, methods, targets = list_cells(sdr), sdr["method"].unique(), sdr["target"].unique()
    first = sdr.iloc[0]
    page = Table(
        box=SIMPLE_HEAD,
        title=f"Median SDR in dB, experiment {first['experiment']}, data set {first['dataset']}",
        caption=" ".join(
            [
                f"{first['data']}. 0 dB: what silence scores. *: the best system.",
                *_note_marks(cells),
            ]
        ),
        title_justify="left",
        caption_justify="left",
    )
    page.add_column("method", no_wrap=True)
    for target in targets:
        page.add_column(label_name(target), justify="right")
    for method in methods:
        row = [_format_plain_cell(cells[method, target]) for target in targets]
        page.add_row(label_name(method), *row)
    page.add_section()
    page.add_row("tracks (n)", *(_format_n(cells, target) for target in targets))
    return print_table(page, width)


def _add_variance(table: pd.DataFrame, medians: pd.DataFrame) -> pd.DataFrame:
    """Return the table with the variance over tracks and training seeds, NaN for a single seed."""
    variance = split_variance(medians).rename(columns={"note": "variance_note"})
    return table.merge(variance[[*GROUP, *PARTS, "variance_note"]], on=GROUP, how="left")


def _arrange(cells: Cells, context: Context, format_cell: Callable[[Cell], str]) -> list[list[str]]:
    """Return the table body: a row per method, its label first."""
    return [
        [label_name(method), *(format_cell(cells[method, target]) for target in context.targets)]
        for method in context.methods
    ]


def _format_markdown(sdr: pd.DataFrame, context: Context) -> str:
    cells = list_cells(sdr)
    header = ["SDR, dB", *map(label_name, context.targets)]
    rule = [":--", *("--:" for _ in context.targets)]
    body = _arrange(cells, context, _format_markdown_cell)
    lines = [f"| {' | '.join(row)} |" for row in (header, rule, *body)]
    notes = [
        f"{_describe(context)} {RANKS_NOTE} Runs behind the numbers: {RUNS}.",
        *_note_intervals(cells),
        *_note_seeds(sdr),
        *_note_marks(cells),
        *_list_failures(cells),
    ]
    return "\n".join(lines) + "\n\n" + "\n\n".join(notes) + "\n"


def _format_latex(sdr: pd.DataFrame, context: Context) -> str:
    """Return the table in LaTeX; it fits on a page with up to 31 methods or seven targets.

    For that reason n stands in the last line.
    """
    cells = list_cells(sdr)
    header = ["SDR, dB", *(escape_latex(label_name(target)) for target in context.targets)]
    is_long = len(context.methods) > MOST_DOUBLE
    body = (_list_single_lines if is_long else _list_double_lines)(cells, context)
    counts = [
        r"\midrule" "\ntracks ($n$)",
        *(_format_n(cells, target) for target in context.targets),
    ]
    notes = [
        _describe(context),
        RANKS_NOTE,
        *_note_intervals(cells),
        *_note_seeds(sdr),
        *_note_marks(cells),
        *_list_failures(cells),
    ]
    label = f"tab:{context.experiment}-{context.dataset}"
    caption = escape_latex(" ".join(notes))
    return format_booktabs(header, [*body, counts], caption, label, r"\footnotesize" * is_long)


def _list_double_lines(cells: Cells, context: Context) -> list[list[str]]:
    """Return a line of medians per method and, if there are any, one of intervals below it."""
    medians = _arrange(cells, context, _format_latex_median)
    intervals = _arrange(cells, context, _format_latex_interval)
    return [
        line
        for median, interval in zip(medians, intervals, strict=True)
        for line in ([escape_latex(median[0]), *median[1:]], ["", *interval[1:]])
        if any(line[1:])
    ]


def _list_single_lines(cells: Cells, context: Context) -> list[list[str]]:
    """Return a line per method, each median with its interval beside it."""
    rows = _arrange(
        cells, context, lambda c: f"{_format_latex_median(c)} {_format_latex_interval(c)}".strip()
    )
    return [[escape_latex(name), *row] for name, *row in rows]


def _describe(context: Context) -> str:
    return f"Data: {context.data}. {context.statistic}"


def _format_plain_cell(cell: Cell) -> str:
    return f"{_format_median(cell)}{'*' if cell.is_best else ''}"


def _format_markdown_cell(cell: Cell) -> str:
    median = _format_median(cell)
    if not cell.tracks_scored:
        return median
    shown = f"**{median}**" if cell.is_best else f"<u>{median}</u>" if cell.is_second else median
    interval = _format_interval(cell)
    return f"{shown}{f' {interval}' * bool(interval)} n={_format_count(cell)}"


def _format_latex_median(cell: Cell) -> str:
    median = escape_latex(_format_median(cell)).replace("-", "$-$")
    command = r"\textbf" if cell.is_best else r"\underline" if cell.is_second else ""
    return f"{command}{{{median}}}" if command else median


def _format_latex_interval(cell: Cell) -> str:
    interval = _format_interval(cell).replace("-", "$-$")
    return rf"{{\scriptsize {interval}}}" if interval else ""


def _format_median(cell: Cell) -> str:
    if cell.tracks == 0:
        return NOT_RUN
    if not cell.tracks_scored:
        return NOT_SCORED
    marks = HEARD * bool(cell.tracks_trained_on) + FAULTY * bool(cell.tracks_erratum)
    return f"{cell.median:z.2f}{marks}"


def _format_interval(cell: Cell) -> str:
    return f"[{cell.low:z.1f}, {cell.high:z.1f}]" if np.isfinite(cell.low) else ""


def _format_count(cell: Cell) -> str:
    """Return the tracks scored, and out of how many where some could not be scored."""
    return f"{cell.tracks_scored}/{cell.tracks}" if cell.tracks_failed else f"{cell.tracks_scored}"


def _format_n(cells: Cells, target: str) -> str:
    counts = {cell.tracks_scored for cell in cells.values() if cell.target == target} - {0}
    if not counts:
        return "0"
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _note_marks(cells: Cells) -> list[str]:
    is_heard = any(cell.tracks_trained_on for cell in cells.values())
    is_faulty = any(cell.tracks_erratum for cell in cells.values())
    return [HEARD_NOTE] * is_heard + [FAULTY_NOTE] * is_faulty


def _note_intervals(cells: Cells) -> list[str]:
    """Return what the intervals' notes say, each once, as one sentence per note."""
    notes = [note for cell in cells.values() for note in cell.interval_note.split("; ")]
    return [f"{note[0].upper()}{note[1:]}." for note in dict.fromkeys(filter(None, notes))]


def _note_seeds(sdr: pd.DataFrame) -> list[str]:
    """Return one sentence on how much several trainings differ, and how much tracks do."""
    split = sdr[sdr["var_seeds"].notna()]
    methods = [
        f"{label_name(str(method))} {', '.join(map(_format_spread, rows.to_dict('records')))}"
        for method, rows in split.groupby("method", sort=False)
    ]
    start = "Standard deviation over training seeds, in brackets over tracks, dB:"
    return [f"{start} {'; '.join(methods)}."] if methods else []


def _format_spread(row: dict[Hashable, Any]) -> str:
    seeds, tracks = math.sqrt(row["var_seeds"]), math.sqrt(row["var_tracks"])
    return f"{label_name(row['target'])} {seeds:.2f} ({tracks:.2f})"


def _list_failures(cells: Cells) -> list[str]:
    """Return a sentence per reason for which tracks could not be scored, with targets, methods."""
    methods: dict[tuple[str, str], list[str]] = {}
    for cell in cells.values():
        if cell.tracks_failed:
            methods.setdefault((cell.target, _describe_failure(cell)), []).append(cell.method)
    targets: dict[tuple[str, str], list[str]] = {}
    for (target, failure), names in methods.items():
        targets.setdefault((failure, _join_labels(names)), []).append(target)
    return [f"{_join_labels(names)}: {failure}: {by}." for (failure, by), names in targets.items()]


def _describe_failure(cell: Cell) -> str:
    return (
        f"{cell.tracks_failed} of {cell.tracks} tracks not scored "
        f"({cell.reason or 'no reason given'})"
    )


def _join_labels(names: list[str]) -> str:
    return ", ".join(map(label_name, names))


def _format_csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, float_format=_DECIMALS, lineterminator="\n"))
