"""Paired differences of SDR between every method and a baseline, a panel per target.

The baseline is the first competing method in the config's order, of those that were scored on most
targets. Differences are of the same tracks, so that the spread between songs, far larger than that
between methods, drops out.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from iass.reporting.context import Context
from iass.reporting.figures.panels import DOT, draw_row_text, join_limits, label_rows, make_panels
from iass.reporting.figures.parts import (
    FAINT,
    draw_legend,
    draw_nothing,
    find_marks,
    format_n,
    join_notes,
    read_marks,
    split_targets,
    write_footnote,
    write_marks,
)
from iass.reporting.style import DARK, SYSTEM_COLOURS, label_name
from iass.reporting.tracks import tabulate_experiment
from iass.statistics.paired import ALPHA, POWER
from iass.statistics.pairs import compare_to

COLUMNS = [
    "target", "method", "baseline", "tracks", "difference", "low", "high", "p", "p_holm",
    "is_significant", "wins", "ties", "losses", "detectable", "marks", "baseline_marks", "note",
]  # fmt: skip
BETTER, WORSE = SYSTEM_COLOURS[0], SYSTEM_COLOURS[3]
BAND = "#D8D8D8"
NO_PAIR = "no pair"


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per target and other method: what `compare_to` says of the two, in dB.

    `p_holm` is corrected over all pairs of methods, targets and data sets of the experiment.
    `marks` are those of the two methods.
    """
    if not context.systems:
        return pd.DataFrame(columns=COLUMNS)
    tracks = tabulate_experiment(scores)
    here = tracks[tracks["dataset"] == context.dataset]
    pairs = compare_to(tracks, _choose_baseline(here, context), context.methods)
    is_here = (pairs["dataset"] == context.dataset) & pairs["target"].isin(context.targets)
    rows = pairs[is_here].rename(columns={"first": "method", "second": "baseline"})
    marks = find_marks(here.dropna(subset="value"))
    return rows.assign(
        is_significant=rows["p_holm"] < ALPHA,
        marks=write_marks(rows["method"], marks),
        baseline_marks=write_marks(rows["baseline"], marks),
    )[COLUMNS].reset_index(drop=True)


def _choose_baseline(tracks: pd.DataFrame, context: Context) -> str:
    scored = tracks[tracks["value"].notna() & tracks["target"].isin(context.targets)]
    targets = scored.groupby("method")["target"].nunique().to_dict()
    return max(context.systems, key=lambda method: targets.get(method, 0))


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`."""
    parts = split_targets(data, context)
    if not data["difference"].notna().any():
        return draw_nothing(context, "no two methods to compare")
    marks = read_marks(data)
    methods = _order_methods(data)
    titles = [f"{label_name(t)}\n{format_n(rows['tracks'])}" for t, rows in parts.items()]
    figure, panels = make_panels([titles], label_rows(methods, context, marks))
    limits = join_limits(data[["difference", "low", "high"]], 0.0)
    for axes, rows in zip(panels[0], parts.values(), strict=True):
        axes.set(xlim=limits, xlabel="dB")
        _draw_panel(axes, rows, methods)
    baseline, baseline_marks = data[["baseline", "baseline_marks"]].iloc[0]
    _draw_legend(figure, label_name(baseline) + baseline_marks)
    description = f"{_DESCRIPTION}{join_notes(data['note'])}"
    write_footnote(figure, context, description, {**marks, baseline: baseline_marks})
    return figure


def _order_methods(data: pd.DataFrame) -> list[str]:
    """Return the methods from best to worst by their median difference over targets."""
    differences = data.groupby("method", sort=False)["difference"].median()
    return list(differences.sort_values(ascending=False, kind="stable").index)


def _draw_panel(axes: Axes, rows: pd.DataFrame, methods: list[str]) -> None:
    axes.axvline(0.0, color=FAINT, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
    scored = rows[rows["difference"].notna()]
    places = scored["method"].map(methods.index).to_numpy()
    for place in set(range(len(methods))) - set(places):
        draw_row_text(axes, place, NO_PAIR)
    reach = scored["detectable"].fillna(np.abs(axes.get_xlim()).max())  # nothing can be found
    axes.barh(places, 2 * reach, left=-reach, height=0.7, color=BAND)
    axes.hlines(places, scored["low"], scored["high"], color=DARK, linewidth=0.9, zorder=3)
    for place, difference, is_significant in zip(
        places, scored["difference"], scored["is_significant"], strict=True
    ):
        axes.add_artist(_make_dot(difference, place, is_significant))


def _make_dot(difference: float, place: float, is_significant: bool, label: str = "") -> Line2D:
    """Return a dot whose colour says for whom the difference is; white: not told apart."""
    colour = (BETTER if difference > 0 else WORSE) if is_significant else DARK
    return Line2D(
        [difference],
        [place],
        color=DARK,
        linewidth=0.9,
        marker="o",
        markersize=DOT,
        markerfacecolor=colour if is_significant else "white",
        markeredgecolor=colour,
        markeredgewidth=0.8,
        label=label,
        zorder=4,
    )


def _draw_legend(figure: Figure, baseline: str) -> None:
    handles = [
        _make_dot(1.0, 0.0, True, f"better than {baseline}"),
        _make_dot(-1.0, 0.0, True, "worse"),
        _make_dot(0.0, 0.0, False, "not told apart"),
        Patch(color=BAND, label="too small to be found"),
    ]
    draw_legend(figure, handles, f"SDR minus that of {baseline} on the same track")


_DESCRIPTION = (
    "Dot: Hodges-Lehmann difference over the n tracks that both have, with its 95 % interval; "
    f"filled: p < {ALPHA:g} (Wilcoxon signed-rank, two-sided, Holm-corrected over all pairs of "
    "methods, targets and data sets of the experiment); grey: differences that are found in "
    f"less than {POWER:.0%} of comparisons of so many tracks, at the strictest level of that "
    "correction, its first step; grey throughout: none in the panel's range would be."
)
