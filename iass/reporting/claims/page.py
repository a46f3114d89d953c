"""The page of the claims, and the same for a terminal: from the table of `check_claims` alone."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from rich.box import SIMPLE_HEAD
from rich.table import Table

from iass.reporting.claims.claim import Claims
from iass.reporting.claims.verdict import DECIBELS, FAILS, HOLDS, NOT_RUN, UNDECIDED
from iass.reporting.context import FAULTY, FAULTY_NOTE, HEARD, HEARD_NOTE, RUNS
from iass.reporting.document import Block, Grid, Heading, Paragraph
from iass.reporting.style import label_name
from iass.reporting.terminal import print_table
from iass.statistics.intervals import MIN_TRACKS
from iass.statistics.pairs import HOPELESS

PLACE = ["papers_data", "experiment", "dataset"]
CLAIM = ["claim", "text"]
EMPTY = {"experiment": "", "marks": ""}  # a CSV cannot tell from missing
WORDS = {HOLDS: "hold", FAILS: "fail", UNDECIDED: "undecided", NOT_RUN: "not run"}
CAPTION = "By analogy: says nothing about the paper. Numbers and tests: reports/claims.md."
BY_ANALOGY = (
    "**A verdict here says nothing about the paper.** Its claims are about {data}; the same "
    "questions are asked of other music, to show how they are answered."
)
HOW = (
    "`holds` and `fails` (the opposite is shown) take a corrected p of at most 0.05, for every "
    "comparison and for any comparison of the claim; `holds where run`, for every one that could "
    "be made. All else is `undecided at this n`, which is no sign of equality. Differences are "
    "paired by track (Hodges-Lehmann, 95 % interval, Wilcoxon's signed-rank test, two-sided, "
    "corrected after Holm over all pairs of methods, targets and data sets of the experiment); "
    "equality takes two one-sided tests with the margin `claims.margin_db`. `docs/CLAIMS.md` has "
    "each test. Values are SDR in dB, the median over "
    f"frames of each track. Runs: `{RUNS}`."
)


def list_blocks(table: pd.DataFrame, claims: Claims) -> list[Block]:
    """Return the page: verdicts on the paper's data, by analogy, all comparisons."""
    own, other = table[table["papers_data"]], table[~table["papers_data"]]
    return [
        Heading(1, "Do the paper's claims hold?"),
        Paragraph(f"Source of the claims: {claims.source}."),
        Heading(2, "On the data of the paper"),
        _list_verdicts(own, ["data", "experiment, data set"]),
        *(_list_analogies(other, claims) if len(other) else ()),
        Heading(2, "How a verdict comes about"),
        Paragraph(HOW),
        *map(Paragraph, _note_marks(table)),
        *_list_details(table),
    ]


def summarise_claims(path: Path, width: int = 100) -> str:
    """Return the verdicts of <path>, the page's CSV, as text."""
    if not path.is_file():
        return f"The claims were not checked yet: there is no {path}.\n"
    table = pd.read_csv(path, dtype=dict.fromkeys(EMPTY, "str"))
    return format_claims(table.fillna(EMPTY), width)


def format_claims(table: pd.DataFrame, width: int = 100) -> str:
    """Return one line per claim for a terminal of `width` columns, without tiny data sets."""
    tiny = {place for place, rows in table.groupby(PLACE) if _is_tiny(rows)}
    table = table[[tuple(place) not in tiny for place in table[PLACE].to_numpy()]]
    page = Table(
        box=SIMPLE_HEAD,
        title="The paper's claims, on its own data and by analogy on other music",
        caption=" ".join([CAPTION, *_note_marks(table)]),
        title_justify="left",
        caption_justify="left",
    )
    table = table.assign(column=table.apply(_label_column, axis=1))
    columns = table["column"].unique()
    for name in ("claim", *columns):
        page.add_column(name, overflow="fold")
    for (claim, text), rows in table.groupby(CLAIM, sort=False):
        cells = {column: _format_verdicts(found) for column, found in rows.groupby("column")}
        page.add_row(f"{claim} {text}", *(cells.get(column, "") for column in columns))
    return print_table(page, width)


def _format_verdicts(rows: pd.DataFrame) -> str:
    """Return the verdicts on a claim with their marks; where they differ, with their places."""
    places: dict[str, list[str]] = {}
    for _, found in rows.groupby(PLACE, sort=False):
        first = found.iloc[0]
        verdict = first["verdict"].replace(UNDECIDED, "undecided") + _join_marks(found)
        places.setdefault(verdict, []).append(_name_place(first))
    if len(places) == 1:
        return next(iter(places))
    return "; ".join(f"{verdict} ({'; '.join(names)})" for verdict, names in places.items())


def _label_column(row: pd.Series) -> str:
    return "paper's data" if row["papers_data"] else f"by analogy: {row['dataset']}"


def _is_tiny(rows: pd.DataFrame) -> bool:
    """Return whether a data set of other music has too few tracks for any test."""
    most = rows.loc[rows["unit"] == DECIBELS, "n"].max()
    return not rows["papers_data"].any() and not most >= MIN_TRACKS  # also where there is none


def _list_verdicts(rows: pd.DataFrame, places: Sequence[str] = ()) -> Grid:
    """Return a line per claim, experiment and data set; `places` are the columns that name them."""
    lines = []
    for _, found in rows.groupby([*CLAIM, *PLACE], sort=False):
        first = found.iloc[0]
        names = [first["data"], _name_place(first)][: len(places)]
        lines.append([*first[CLAIM], *names, f"**{first['verdict']}**", _summarise(found)])
    return Grid(["claim", "what it says", *places, "verdict", "numbers"], lines)


def _name_place(row: pd.Series) -> str:
    """Return experiment and data set, the latter alone where no experiment was run on it."""
    return ", ".join(filter(None, row[["experiment", "dataset"]]))


def _summarise(found: pd.DataFrame) -> str:
    """Return the numbers behind a verdict in a few words."""
    run = found[found["finding"] != NOT_RUN]
    if run.empty:
        return "; ".join(found["note"].unique())
    if len(found) == 1:
        return _format_numbers(found.iloc[0])
    counts = Counter(found["finding"])
    told = ", ".join(f"{counts[v]} {word}" for v, word in WORDS.items() if counts[v])
    low, high = run["estimate"].min(), run["estimate"].max()
    span = f"{low:z.2f} to {high:z.2f} {run['unit'].iloc[0]}{_join_marks(run)}"
    least, most = run["n"].min(), run["n"].max()
    return f"{told}; {span}, n = {least}" + (f" to {most}" if most > least else "")


def _format_numbers(row: pd.Series) -> str:
    interval = f" [{row['low']:z.2f}, {row['high']:z.2f}]" if np.isfinite(row["low"]) else ""
    p = f", corrected p = {row['p_corrected']:.2g}" if np.isfinite(row["p_corrected"]) else ""
    return f"{row['estimate']:z.2f} {row['unit']}{row['marks']}{interval}, n = {row['n']}{p}"


def _join_marks(rows: pd.DataFrame) -> str:
    return "".join(mark for mark in (HEARD, FAULTY) if rows["marks"].str.contains(mark).any())


def _list_analogies(rows: pd.DataFrame, claims: Claims) -> Iterator[Block]:
    yield Heading(2, "By analogy, on other music")
    yield Paragraph(BY_ANALOGY.format(data=" and ".join(claims.data.values())))
    for (experiment, dataset, data), found in rows.groupby(
        ["experiment", "dataset", "data"], sort=False
    ):
        yield Heading(3, f"Experiment {experiment}, data set {dataset}")
        yield Paragraph(f"{data}.")
        if _is_tiny(found):
            yield Paragraph(f"Fewer than {MIN_TRACKS} tracks: too few for any test.")
            continue
        yield _list_verdicts(found)
        if found["note"].str.contains(HOPELESS).any():
            yield Paragraph(f"Of differences between methods: {HOPELESS}.")


def _note_marks(table: pd.DataFrame) -> list[str]:
    marks = _join_marks(table)
    return [note for mark, note in ((HEARD, HEARD_NOTE), (FAULTY, FAULTY_NOTE)) if mark in marks]


def _list_details(table: pd.DataFrame) -> Iterator[Block]:
    """Yield a table per experiment and data set with every comparison that was made."""
    run = table[(table["finding"] != NOT_RUN) & (table["n"] >= MIN_TRACKS)]
    header = ["claim", "of", "on", "finding", "n", "estimate", "95 % interval", "p", "corrected"]
    for (_, experiment, dataset), rows in run.groupby(PLACE, sort=False):
        yield Heading(2, f"All comparisons: experiment {experiment}, data set {dataset}")
        yield Grid([*header, "note"], [_format_detail(row) for _, row in rows.iterrows()])


def _format_detail(row: pd.Series) -> list[str]:
    names = dict.fromkeys(label_name(name) for name in (row["first"], row["second"]) if name)
    finite = np.isfinite(row["low"])
    parts = [part for part in row["note"].split("; ") if part != HOPELESS]
    return [
        row["claim"],
        " - ".join(names),
        label_name(row["target"]),
        row["finding"],
        str(row["n"]),
        f"{row['estimate']:z.2f} {DECIBELS if row['unit'] == DECIBELS else 'rho'}{row['marks']}",
        f"[{row['low']:z.2f}, {row['high']:z.2f}]" if finite else "",
        f"{row['p']:.2g}",
        f"{row['p_corrected']:.2g}",
        "; ".join(parts),
    ]
