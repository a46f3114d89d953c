"""How far a ranking depends on the dialect of SDR and on how tracks are summed up.

A matrix of ranks per target: rows are methods, columns the dialects that the score table holds.
docs/METRICS.md says what each dialect hears and what it is deaf to.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray

from iass.reporting.context import MASK, Context
from iass.reporting.figures.panels import choose_text_size, label_rows, make_panels
from iass.reporting.figures.parts import (
    draw_nothing,
    find_marks,
    format_n,
    read_marks,
    split_targets,
    write_footnote,
    write_marks,
)
from iass.reporting.style import DARK, label_name
from iass.reporting.tracks import tabulate_tracks

COLUMNS = [
    "target", "dialect", "method", "kind", "value_db", "rank", "reference_rank",
    "pairs_reversed_percent", "tracks", "marks",
]  # fmt: skip


@dataclass(frozen=True)
class Dialect:
    """A metric, the frames that count for it, and how tracks are summed up."""

    label: str
    metric: str
    mask: str = MASK
    statistic: Literal["median", "mean"] = "median"
    has_errata: bool = True


DIALECTS = (
    Dialect("SDR", "SDR"),
    Dialect("SDR, mean", "SDR", statistic="mean"),
    Dialect("SDR, target's frames", "SDR", mask="target"),
    Dialect("SDR, no errata", "SDR", has_errata=False),
    Dialect("SI-SDR", "SI-SDR"),
    Dialect("SNRi", "SNRi"),
    Dialect("uSDR", "uSDR", mask="none"),
    Dialect("uSDR, mean", "uSDR", mask="none", statistic="mean"),
    Dialect("uSI-SDR", "uSI-SDR", mask="none"),
    Dialect("uSNRi", "uSNRi", mask="none"),
)
"""The first is the reference: museval's, of the result table."""

CELL_IN, BESIDE_IN = 0.19, 1.3  # inches; width of a column, title and names of dialects
COLOURS = "PuOr"  # told apart with any colour vision; white: the same rank
REACH = 1.6  # ranks at the end of the colours by the furthest one, so that numbers stay readable
LEAST_REACH = 2.0  # ranks
REVERSED = "pairs reversed (%)"


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per target, dialect and method with a value: dB over tracks, and its rank.

    Rank 1 is the best of all methods, equal values share the better rank. `pairs_reversed_percent`
    is of the target and dialect: pairs of methods in another order than by the reference.
    """
    tables = [_summarise(dialect, scores, context) for dialect in DIALECTS]
    rows = pd.concat(tables, ignore_index=True)
    if rows.empty:
        return pd.DataFrame(columns=COLUMNS)
    rows["rank"] = rows.groupby(["target", "dialect"])["value_db"].rank("min", ascending=False)
    reference = rows[rows["dialect"] == DIALECTS[0].label]
    reference = reference[["target", "method", "value_db", "rank"]]
    reference = reference.rename(columns={"value_db": "reference_db", "rank": "reference_rank"})
    rows = rows.merge(reference, "left", on=["target", "method"])
    shares = [
        {"target": target, "dialect": dialect, "pairs_reversed_percent": _count_reversed(part)}
        for (target, dialect), part in rows.groupby(["target", "dialect"])
    ]
    return rows.merge(pd.DataFrame(shares), on=["target", "dialect"])[COLUMNS]


def _summarise(dialect: Dialect, scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    tracks = tabulate_tracks(scores, context, [dialect.metric], dialect.mask)
    scored = tracks.dropna(subset="value")
    if not dialect.has_errata:
        kept = scored[~scored["erratum"]]
        scored = kept if len(kept) < len(scored) else kept[:0]
    values = scored.groupby(["target", "method", "kind"], sort=False)["value"]
    marks = find_marks(scored)
    table = values.agg(value_db=dialect.statistic, tracks="count").reset_index()
    return table.assign(dialect=dialect.label, marks=write_marks(table["method"], marks))


def _count_reversed(rows: pd.DataFrame) -> float:
    """Return which share of the pairs of methods has another order than by the reference, in %."""
    order, reference = (_compare_all(rows[c]) for c in ("value_db", "reference_db"))
    is_pair = np.triu(np.isfinite(order + reference), k=1)
    return float(100 * (order * reference < 0)[is_pair].mean()) if is_pair.any() else np.nan


def _compare_all(values: "pd.Series[float]") -> NDArray[np.float64]:
    array = values.to_numpy(np.float64)
    return np.sign(array[:, None] - array[None, :])


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`."""
    parts = split_targets(data, context)
    if not parts:
        return draw_nothing(context, "nothing scored")
    dialects = [d.label for d in DIALECTS if (data["dialect"] == d.label).any()]
    marks = read_marks(data)
    labels = [*label_rows(context.methods, context, marks), REVERSED]
    titles = [f"{label_name(t)}\n{format_n(rows['tracks'])}" for t, rows in parts.items()]
    panel_in = max(CELL_IN * len(dialects), 0.9)
    figure, panels = make_panels([titles], labels, panel_in, BESIDE_IN)
    furthest = float((data["rank"] - data["reference_rank"]).abs().max())
    reach = REACH * max(furthest, LEAST_REACH)
    for axes, rows in zip(panels[0], parts.values(), strict=True):
        _draw_panel(axes, rows, list(context.methods), dialects, reach)
    write_footnote(figure, context, _DESCRIPTION, marks)
    return figure


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, methods: list[str], dialects: list[str], reach: float
) -> None:
    """Draw the ranks as numbers on colours that say how far they are from the reference."""
    ranks, reference = (
        rows.pivot(index="method", columns="dialect", values=column).reindex(
            index=methods, columns=dialects
        )
        for column in ("rank", "reference_rank")
    )
    axes.pcolormesh(
        np.arange(len(dialects) + 1) - 0.5,
        np.arange(len(methods) + 1) - 0.5,
        np.ma.masked_invalid((reference - ranks).to_numpy(np.float64)),
        cmap=COLOURS,
        norm=Normalize(-reach, reach),
        edgecolor="white",
        linewidth=0.25,
    )
    shares = rows.groupby("dialect")["pairs_reversed_percent"].first()
    ranks.loc[REVERSED] = [shares.get(dialect, np.nan) for dialect in dialects]
    size = choose_text_size(axes) - 0.8
    for (row, column), number in np.ndenumerate(ranks.to_numpy(np.float64)):
        text = "-" if np.isnan(number) else f"{number:.0f}"
        axes.text(column, row, text, ha="center", va="center", fontsize=size, color=DARK)
    axes.set_xticks(range(len(dialects)), dialects, rotation=90)
    axes.tick_params(axis="x", length=0, labelsize=choose_text_size(axes))
    axes.spines["bottom"].set_visible(False)


_DESCRIPTION = (
    "Number: rank among the methods of the median over tracks (or mean); colour: better (purple) "
    "or worse (orange) than by SDR, museval's rule; last row: pairs of methods in another order "
    "than by SDR. SDR, SI-SDR and SNRi: median over frames first; u...: whole songs; target's "
    "frames: wherever the target sounds. n: tracks scored."
)
