"""Published numbers beside ours: two columns, two sources, never mixed.

reports/published/*.csv holds the literature, a value per line, and says which method, data set and
options of ours it compares with. Without such a run there is nothing beside it.
"""

import re
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
FIRST = r"p{0.4\linewidth}"  # so that a long name takes two lines
_ROUNDING_DB = 0.005  # published values have two decimals
WITHIN, OFF, NOT_RUN = "within tolerance", "off by", "not run"

_NOTE = (
    "Published numbers are those of their sources; ours were computed by this run. A number of "
    "ours stands beside a published one only where method, options, data set and statistic are the "
    "same, and is judged only where channels, tracks, frames (1 s long, one every second) and "
    "protocol (that of the data set's card) are the same as well. `off by`: ours minus published. "
    f"Medians over 1-s frames, then over tracks. Runs: `{RUNS}`."
)
_CAPTION = (
    "Published numbers in dB, each with its source: median over 1-s frames, then over n tracks."
)
_OURS_CAPTION = (
    "Ours stand below, with the experiment in brackets; *: off by more than the tolerance; a value "
    "in brackets is not judged, because no tolerance is known or conditions differ "
    "(reports/tables/published.csv says which)."
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
    return WITHIN if is_within else f"{OFF} {difference:+z.2f} dB"


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
        "off": int(statuses.str.startswith(OFF).sum()),
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
    """Return a table per data set: a column per target, a line per method, ours below it."""
    alike = table[table["aggregation"] == AGGREGATION]
    groups = alike.groupby("dataset", sort=False)
    return "\n".join(_format_dataset(str(dataset), rows) for dataset, rows in groups)


def _format_dataset(dataset: str, rows: pd.DataFrame) -> str:
    targets = list(rows["target"].unique())
    sources = {source: f"[{n}]" for n, source in enumerate(rows["source"].unique(), 1)}
    lines = []
    for _, found in rows.groupby(["method", "metric", "source"], sort=False):
        lines.append(_format_line(found, targets, sources))
        runs = found.dropna(subset="ours_db").groupby(["experiment", "our_method"], sort=False)
        lines += [_format_our_line(run, targets) for _, run in runs]
    told = "; ".join(f"{number} {source}" for source, number in sources.items())
    is_run = bool(rows["ours_db"].notna().any())
    notes = [_CAPTION, *[_OURS_CAPTION] * is_run, f"Sources: {told}.", *_note_marks(rows)]
    header = ["Method", "metric", "$n$", *(_typeset(label_name(target)) for target in targets)]
    label = f"tab:published-{'-'.join(re.findall('[a-z0-9]+', dataset.lower()))}"
    caption = escape_latex(" ".join([f"{dataset}.", *notes]))
    return format_booktabs(header, lines, caption, label, first=FIRST)


def _format_line(
    rows: pd.DataFrame, targets: Sequence[str], sources: Mapping[str, str]
) -> list[str]:
    """Return the line of a published method."""
    first, values = rows.iloc[0], dict(zip(rows["target"], rows["value_db"], strict=True))
    cells = {target: _typeset(f"{value:z.2f}") for target, value in values.items()}
    name = rf"\raggedright {_typeset(first['method'])} {sources[first['source']]}"
    counts = _format_counts(rows["tracks"])
    return [name, _typeset(first["metric"]), counts, *(cells.get(t, "") for t in targets)]


def _format_our_line(rows: pd.DataFrame, targets: Sequence[str]) -> list[str]:
    """Return the line of one of our methods in one experiment, below that of the published one."""
    first, cells = rows.iloc[0], {row["target"]: _format_ours(row) for _, row in rows.iterrows()}
    label = f"ours: {label_name(first['our_method'])} ({first['experiment']})"
    name = rf"\raggedright\quad {_typeset(label)}"
    return [name, "", _format_counts(rows["ours_tracks"]), *(cells.get(t, "") for t in targets)]


def _format_ours(row: pd.Series) -> str:
    """Return our number: plain within the tolerance, * off it, in brackets where not judged."""
    number = _typeset(f"{row['ours_db']:z.2f}{row['marks']}")
    if row["status"] == WITHIN:
        return number
    return f"{number}*" if row["status"].startswith(OFF) else f"({number})"


def _format_counts(counts: "pd.Series[float]") -> str:
    return " to ".join(f"{count:g}" for count in sorted({counts.min(), counts.max()}))


def _typeset(text: str) -> str:
    """Return text in LaTeX, a number with a real minus."""
    escaped = escape_latex(text)
    return f"$-${escaped[1:]}" if escaped.startswith("-") else escaped


def _note_marks(table: pd.DataFrame) -> list[str]:
    marks = "".join(table["marks"])
    notes = {HEARD: HEARD_NOTE, FAULTY: FAULTY_NOTE}
    return [note for mark, note in notes.items() if mark in marks]
