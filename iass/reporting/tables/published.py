"""Published numbers beside ours: two columns, two sources, never mixed.

reports/published/*.csv holds the literature, a value per line, and says which method, data set and
options of ours it compares with. Without such a run there is nothing beside it.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from iass.foundation.errors import UserError
from iass.foundation.files import write_text
from iass.reporting.context import (
    FAULTY,
    FAULTY_NOTE,
    HEARD,
    HEARD_NOTE,
    RUNS,
    select_mask,
    select_scores,
)
from iass.reporting.document import Block, Bullets, Grid, Heading, Paragraph, write_page
from iass.reporting.job import MethodFacts, Page, ReportJob
from iass.reporting.latex import escape_latex, format_booktabs
from iass.reporting.style import label_name
from iass.scoring.table import read_scores
from iass.statistics.summary import summarise_over_seeds

PUBLISHED = [
    "method", "dataset", "target", "metric", "aggregation", "tracks", "channels", "value_db",
    "tolerance_db", "tolerance_source", "our_module", "our_options", "our_dataset", "source",
]  # fmt: skip
OURS = ["experiment", "our_method", "ours_db", "ours_tracks", "difference_db", "marks", "status"]
AGGREGATION = "median of 1-s frames, then median of tracks"
WINDOW_S, HOP_S = 1.0, 1.0  # museval's defaults; the protocol is that of the data set's card
_ROUNDING_DB = 0.005  # published values have two decimals
WITHIN, NOT_RUN = "within tolerance", "not run"

_NOTE = (
    "Published numbers are those of their sources; ours were computed by this run. A number of "
    "ours stands beside a published one only where method, options, data set and statistic are the "
    "same, and is judged only where channels, tracks, frames (1 s long, one every second) and "
    "protocol (that of the data set's card) are the same as well. `off by`: ours minus published. "
    f"Medians over 1-s frames, then over tracks. Runs: `{RUNS}`."
)
_CAPTION = (
    "Published SDR and ours, in dB: the median over 1-s frames, then over tracks. Both are shown "
    "side by side with their own source."
)


def write_published(files: Sequence[Path], scores: Path, job: ReportJob, stem: Path) -> None:
    """Write `stem`.csv, .md, .html and .tex. UserError names a published file that is wrong."""
    published = pd.concat([read_published(path) for path in files], ignore_index=True)
    table = compare_published(published, read_scores(scores), job)
    csv = table.to_csv(index=False, float_format="%.4g", lineterminator="\n")
    write_text(stem.with_name(f"{stem.name}.csv"), str(csv))
    write_page(_list_blocks(table), stem)
    write_text(stem.with_name(f"{stem.name}.tex"), _format_latex(table))


def read_published(path: Path) -> pd.DataFrame:
    """Read published numbers, dB. UserError names the file and the column at fault."""
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    if list(table.columns) != PUBLISHED:
        raise UserError(f"{path} must have the columns: {', '.join(PUBLISHED)}.")
    for column in ("tracks", "value_db", "tolerance_db"):
        numbers = pd.to_numeric(table[column], errors="coerce")
        if (numbers.isna() & ((table[column] != "") | (column != "tolerance_db"))).any():
            raise UserError(f"{path}: column '{column}' has an entry that is no number.")
        table[column] = numbers
    return table


def compare_published(
    published: pd.DataFrame, scores: pd.DataFrame, job: ReportJob
) -> pd.DataFrame:
    """Return the published numbers, each with what this run has beside it, one line per method."""
    summaries = [
        (page, summarise_over_seeds(select_mask(select_scores(scores, page.context))))
        for page in job.pages
    ]
    rows = [
        row | ours
        for row in published.to_dict("records")
        for ours in _find_ours(row, summaries, job) or [_leave_open(row)]
    ]
    return pd.DataFrame(rows, columns=[*PUBLISHED, *OURS])


def _leave_open(row: dict[Any, Any]) -> dict[str, Any]:
    reason = "" if row["our_module"] else ": no such method here"
    if row["aggregation"] != AGGREGATION:
        reason = ": another statistic than ours"
    empty = {"ours_db": np.nan, "difference_db": np.nan, "marks": ""}
    return empty | {"status": f"{NOT_RUN}{reason}"}


def _find_ours(
    row: dict[Any, Any], summaries: Sequence[tuple[Page, pd.DataFrame]], job: ReportJob
) -> list[dict[str, Any]]:
    """Return our numbers of the same method, data set, target and metric."""
    if row["aggregation"] != AGGREGATION:
        return []
    return [
        _compare(row, page, cell)
        for page, summary in summaries
        if page.test_on == row["our_dataset"]
        for method in page.context.methods
        if _is_same(row, job.methods[method])
        for cell in _list_cells(summary, method, row)
    ]


def _is_same(row: dict[Any, Any], facts: MethodFacts) -> bool:
    wanted = dict(option.split("=") for option in row["our_options"].split())
    return facts.module == row["our_module"] and all(
        facts.options.get(name) == yaml.safe_load(value) for name, value in wanted.items()
    )


def _list_cells(summary: pd.DataFrame, method: str, row: dict[Any, Any]) -> Iterator[pd.Series]:
    is_wanted = (
        (summary["method"] == method)
        & (summary["target"] == row["target"])
        & (summary["metric"] == row["metric"])
        & summary["median"].notna()
    )
    return (cell for _, cell in summary[is_wanted].iterrows())


def _compare(row: dict[Any, Any], page: Page, cell: pd.Series) -> dict[str, Any]:
    difference = cell["median"] - row["value_db"]
    return {
        "experiment": page.context.experiment,
        "our_method": cell["method"],
        "ours_db": cell["median"],
        "ours_tracks": cell["tracks_scored"],
        "difference_db": difference,
        "marks": HEARD * bool(cell["tracks_trained_on"]) + FAULTY * bool(cell["tracks_erratum"]),
        "status": _judge(row, page, int(cell["tracks_scored"]), difference),
    }


def _judge(row: dict[Any, Any], page: Page, tracks: int, difference: float) -> str:
    others = {
        f"{page.channels} here": page.channels != row["channels"],
        f"{page.context.window_s:g}-s frames here": page.context.window_s != WINDOW_S,
        f"a frame every {page.hop_s:g} s here": page.hop_s != HOP_S,
        f"protocol {page.protocol} here": page.protocol != page.card_protocol,
        f"{tracks} tracks here": tracks != row["tracks"],
    }
    reasons = [reason for reason, holds in others.items() if holds]
    if reasons:
        return f"not comparable: {', '.join(reasons)}"
    if np.isnan(row["tolerance_db"]):
        return f"differs by {difference:+z.2f} dB, no tolerance known"
    is_within = abs(difference) <= row["tolerance_db"] + _ROUNDING_DB
    return WITHIN if is_within else f"off by {difference:+z.2f} dB"


def _list_blocks(table: pd.DataFrame) -> list[Block]:
    header = ["method", "data", "target", "metric", "published", "of tracks", "source"]
    header += ["ours", "of tracks", "experiment, method", "tolerance", "status"]
    tolerances = table.loc[table["tolerance_source"] != "", ["tolerance_db", "tolerance_source"]]
    sources = {source: str(n) for n, source in enumerate(table["source"].unique(), 1)}
    return [
        Heading(1, "Published and reproduced"),
        Paragraph(_count_statuses(table["status"])),
        Paragraph(_NOTE),
        *map(Paragraph, _note_marks(table)),
        Grid(header, [_format_row(row, sources) for _, row in table.iterrows()]),
        Paragraph("Sources of the published numbers:"),
        Bullets([f"{number}: {source}" for source, number in sources.items()]),
        Paragraph("Tolerances and where they come from:"),
        Bullets([f"{db:g} dB: {why}" for db, why in tolerances.drop_duplicates().to_numpy()]),
    ]


def _count_statuses(statuses: "pd.Series[str]") -> str:
    counts = {
        WITHIN: int((statuses == WITHIN).sum()),
        "off": int(statuses.str.startswith("off").sum()),
        NOT_RUN: int(statuses.str.startswith(NOT_RUN).sum()),
    }
    counts["not judged"] = len(statuses) - sum(counts.values())
    told = ", ".join(f"{count} {status}" for status, count in counts.items())
    return f"**Of {len(statuses)} lines: {told}.**"


def _format_row(row: pd.Series, sources: Mapping[str, str]) -> list[str]:
    is_run = bool(np.isfinite(row["ours_db"]))
    return [
        row["method"],
        row["dataset"],
        label_name(row["target"]),
        row["metric"] + ("" if row["aggregation"] == AGGREGATION else f", {row['aggregation']}"),
        f"{row['value_db']:z.2f}",
        f"{row['tracks']:g}, {row['channels']}",
        sources[row["source"]],
        f"{row['ours_db']:z.2f}{row['marks']}" if is_run else "",
        f"{row['ours_tracks']:g}" if is_run else "",
        f"{row['experiment']}, {row['our_method']}" if is_run else "",
        "" if np.isnan(row["tolerance_db"]) else f"{row['tolerance_db']:g}",
        row["status"],
    ]


def _format_latex(table: pd.DataFrame) -> str:
    header = ["Method", "data", "target", "metric", "published", "source", "ours", "$n$", "status"]
    shown = [0, 1, 2, 3, 4, 6, 7, 8, 11]  # of the columns of the page
    alike = table[table["aggregation"] == AGGREGATION]
    sources = {source: f"[{n}]" for n, source in enumerate(alike["source"].unique(), 1)}
    rows = [[_format_row(row, sources)[at] for at in shown] for _, row in alike.iterrows()]
    body = [[_typeset(text) for text in row] for row in rows]
    told = "; ".join(f"{number} {source}" for source, number in sources.items())
    caption = " ".join([_CAPTION, f"Sources: {told}.", *_note_marks(alike)])
    return format_booktabs(header, body, escape_latex(caption), "tab:published")


def _typeset(text: str) -> str:
    """Return text in LaTeX, a number with a real minus."""
    escaped = escape_latex(text)
    return f"$-${escaped[1:]}" if escaped.startswith("-") else escaped


def _note_marks(table: pd.DataFrame) -> list[str]:
    marks = "".join(table["marks"])
    notes = {HEARD: HEARD_NOTE, FAULTY: FAULTY_NOTE}
    return [note for mark, note in notes.items() if mark in marks]
