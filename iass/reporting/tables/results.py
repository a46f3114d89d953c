"""The result table: median SDR of every method on every target, with its spread and n."""

from collections.abc import Callable
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from iass.foundation.files import write_text
from iass.reporting.cells import Cell, complete_summary, list_cells
from iass.reporting.context import HEARD, HEARD_NOTE, Context
from iass.reporting.latex import escape_latex, format_booktabs
from iass.reporting.style import label_name
from iass.scoring.table import METRICS
from iass.statistics.summary import summarise_over_seeds

NOT_RUN = "not run"
NOT_SCORED = "not scored"
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
    summary = summarise_over_seeds(scores)
    others = [metric for metric in METRICS if metric != "SDR"]
    sdr = complete_summary(summary, "SDR", context)
    tables = [sdr, *(complete_summary(summary, metric, context) for metric in others)]
    metrics = pd.concat(tables, ignore_index=True)
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
    sdr = sdr.assign(reason=sdr["reason"].astype("str").fillna(""))
    cells, methods, targets = list_cells(sdr), sdr["method"].unique(), sdr["target"].unique()
    first = sdr.iloc[0]
    page = Table(
        box=SIMPLE_HEAD,
        title=f"Median SDR in dB, experiment {first['experiment']}, data set {first['dataset']}",
        caption=" ".join(
            [
                f"{first['data']}. 0 dB: what silence scores. *: the best system.",
                *_note_heard(cells),
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
    return _print_text(page, width)


def _print_text(page: Table, width: int) -> str:
    text = StringIO()
    Console(file=text, width=width, color_system=None).print(page)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _arrange(
    cells: dict[tuple[str, str], Cell], context: Context, format_cell: Callable[[Cell], str]
) -> list[list[str]]:
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
        f"{_describe(context)} Bold: the best system of each target.",
        *_note_heard(cells),
        *_list_failures(cells),
    ]
    return "\n".join(lines) + "\n\n" + "\n\n".join(notes) + "\n"


def _format_latex(sdr: pd.DataFrame, context: Context) -> str:
    """Return the table in LaTeX; each method takes two lines, medians and their spread."""
    cells = list_cells(sdr)
    header = ["SDR, dB", *(escape_latex(label_name(target)) for target in context.targets)]
    medians = _arrange(cells, context, _format_latex_median)
    spreads = _arrange(cells, context, _format_latex_spread)
    body = [
        line
        for median, spread in zip(medians, spreads, strict=True)
        for line in ([escape_latex(median[0]), *median[1:]], ["", *spread[1:]])
    ]
    notes = [
        _describe(context),
        "Bold: the best system of each target.",
        *_note_heard(cells),
        *_list_failures(cells),
    ]
    label = f"tab:{context.experiment}-{context.dataset}"
    return format_booktabs(header, body, escape_latex(" ".join(notes)), label)


def _describe(context: Context) -> str:
    return f"Data: {context.data}. {context.statistic}"


def _format_plain_cell(cell: Cell) -> str:
    return f"{_format_median(cell)}{'*' if cell.is_best else ''}"


def _format_markdown_cell(cell: Cell) -> str:
    median = _format_median(cell)
    return f"{f'**{median}**' if cell.is_best else median}{_format_spread(cell)}"


def _format_latex_median(cell: Cell) -> str:
    median = escape_latex(_format_median(cell)).replace("-", "$-$")
    return rf"\textbf{{{median}}}" if cell.is_best else median


def _format_latex_spread(cell: Cell) -> str:
    spread = _format_spread(cell).strip().replace("-", "$-$").replace("n=", "$n$=")
    return rf"{{\scriptsize {spread}}}" if spread else ""


def _format_median(cell: Cell) -> str:
    if cell.tracks == 0:
        return NOT_RUN
    if not cell.tracks_scored:
        return NOT_SCORED
    return f"{cell.median:z.2f}{HEARD if cell.tracks_trained_on else ''}"


def _format_spread(cell: Cell) -> str:
    if not cell.tracks_scored:
        return ""
    return f" [{cell.q25:z.1f}, {cell.q75:z.1f}] n={_format_count(cell)}"


def _format_count(cell: Cell) -> str:
    """Return the tracks scored, and out of how many where some could not be scored."""
    return f"{cell.tracks_scored}/{cell.tracks}" if cell.tracks_failed else f"{cell.tracks_scored}"


def _format_n(cells: dict[tuple[str, str], Cell], target: str) -> str:
    counts = {cell.tracks_scored for cell in cells.values() if cell.target == target} - {0}
    if not counts:
        return "0"
    low, high = min(counts), max(counts)
    return f"{low}" if low == high else f"{low} to {high}"


def _note_heard(cells: dict[tuple[str, str], Cell]) -> list[str]:
    return [HEARD_NOTE] if any(cell.tracks_trained_on for cell in cells.values()) else []


def _list_failures(cells: dict[tuple[str, str], Cell]) -> list[str]:
    """Return a sentence per target and reason for which tracks could not be scored."""
    methods: dict[str, list[str]] = {}
    for cell in cells.values():
        if cell.tracks_failed:
            methods.setdefault(_describe_failure(cell), []).append(label_name(cell.method))
    return [f"{failure}: {', '.join(names)}." for failure, names in methods.items()]


def _describe_failure(cell: Cell) -> str:
    return (
        f"{label_name(cell.target)}, {cell.tracks_failed} of {cell.tracks} tracks not scored "
        f"({cell.reason or 'no reason given'})"
    )


def _format_csv(table: pd.DataFrame) -> str:
    return str(table.to_csv(index=False, float_format=_DECIMALS, lineterminator="\n"))
