"""What silence does to scores: which frames are scored at all, and what leaks where nothing plays.

Coverage is the share of frames in which SDR counts. Under museval's rule a method that falls silent
chooses its own frames, so its SDR is of other music than that of the rest; under the rule of the
target all are scored on the same. Leakage is what no SDR of a frame hears (docs/METRICS.md).
"""

from itertools import chain

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from iass.reporting.context import MASK, Context
from iass.reporting.figures.panels import (
    DOT,
    draw_absences,
    draw_interval,
    join_limits,
    label_rows,
    list_intervals,
    make_panels,
)
from iass.reporting.figures.parts import (
    draw_legend,
    draw_nothing,
    find_marks,
    format_n,
    read_marks,
    split_targets,
    write_footnote,
    write_marks,
)
from iass.reporting.style import DARK, SYSTEM_COLOURS, label_name
from iass.reporting.tracks import tabulate_tracks
from iass.statistics.summary import LOWER, UPPER

COLUMNS = [
    "measure", "mask", "target", "method", "kind", "median", "q25", "q75", "tracks", "marks",
]  # fmt: skip
COVERAGE, LEAKAGE = "coverage", "leakage"
UNITS = {COVERAGE: "% of frames", LEAKAGE: "dB of the mixture"}
FLOOR_DB = -100.0  # dB of the mixture; 16 bits hold no less, so it stands for silence as well
TARGET_MASK, NO_MASK = "target", "none"
LOOKS = {  # by mask: colour, fill of the dot, shift of the row
    MASK: (SYSTEM_COLOURS[0], SYSTEM_COLOURS[0], -0.17),
    TARGET_MASK: (SYSTEM_COLOURS[3], "white", 0.17),
    NO_MASK: (DARK, DARK, 0.0),
}


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per measure, mask, target and method: median and quartiles over tracks.

    Coverage is in %; leakage in dB of the mixture where the target is silent, FLOOR_DB for all that
    is less, no output at all included.
    """
    audible = scores.assign(
        value=scores["value"].where(scores["metric"] != LEAKAGE, scores["value"].clip(FLOOR_DB))
    )
    parts = [(COVERAGE, mask, 100.0) for mask in (MASK, TARGET_MASK)] + [(LEAKAGE, NO_MASK, 1.0)]
    tables = [
        _summarise(tabulate_tracks(audible, context, [measure], mask), scale).assign(
            measure=measure, mask=mask
        )
        for measure, mask, scale in parts
    ]
    return pd.concat(tables, ignore_index=True)[COLUMNS]


def _summarise(tracks: pd.DataFrame, scale: float) -> pd.DataFrame:
    values = tracks.assign(value=tracks["value"] * scale).groupby(
        ["target", "method", "kind"], sort=False
    )["value"]
    marks = find_marks(tracks.dropna(subset="value"))
    table = values.agg(
        median="median",
        q25=lambda part: part.quantile(LOWER),
        q75=lambda part: part.quantile(UPPER),
        tracks="count",
    ).reset_index()
    return table.assign(marks=write_marks(table["method"], marks))


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`: coverage above, leakage below."""
    if not data["median"].notna().any():
        return draw_nothing(context, "neither coverage nor leakage measured")
    marks = read_marks(data)
    parts = {
        measure: _split_measured(data[data["measure"] == measure], context) for measure in UNITS
    }
    titles = [
        [f"{label_name(t)}: {measure}\n{format_n(rows['tracks'])}" for t, rows in part.items()]
        for measure, part in parts.items()
        if part
    ]
    figure, panels = make_panels(titles, label_rows(context.methods, context, marks))
    drawn = [(measure, rows) for measure, part in parts.items() for rows in part.values()]
    for axes, (measure, rows) in zip(chain(*panels), drawn, strict=True):
        axes.set(xlim=_choose_axis(data, measure), xlabel=UNITS[measure])
        _draw_panel(axes, rows, context)
    _draw_legend(figure, set(data.loc[data["median"].notna(), "mask"]))
    write_footnote(figure, context, _DESCRIPTION, marks)
    return figure


def _split_measured(rows: pd.DataFrame, context: Context) -> dict[str, pd.DataFrame]:
    parts = split_targets(rows, context)
    return {target: part for target, part in parts.items() if part["median"].notna().any()}


def _choose_axis(data: pd.DataFrame, measure: str) -> tuple[float, float]:
    values = data.loc[data["measure"] == measure, ["q25", "median", "q75"]]
    return join_limits(values, 0.0, *([100.0] if measure == COVERAGE else []))


def _draw_panel(axes: Axes, rows: pd.DataFrame, context: Context) -> None:
    draw_absences(axes, context.methods, rows, "median")
    for mask, part in rows.groupby("mask"):
        colour, fill, shift = LOOKS[str(mask)]
        for method, interval in list_intervals(part, "q25", "median", "q75").items():
            draw_interval(axes, context.methods.index(method) + shift, interval, colour, fill)


def _draw_legend(figure: Figure, masks: set[str]) -> None:
    labels = {
        MASK: "coverage, museval's rule",
        TARGET_MASK: "coverage, where the target sounds",
        NO_MASK: "leakage",
    }
    handles = [
        Line2D(
            [], [], color=colour, marker="o", markerfacecolor=fill, markersize=DOT, linewidth=1.0,
            label=labels[mask],
        )
        for mask, (colour, fill, _) in LOOKS.items()
        if mask in masks
    ]  # fmt: skip
    draw_legend(figure, handles)


_DESCRIPTION = (
    "Coverage: share of frames in which SDR counts; museval's rule leaves out frames in which a "
    "reference or an estimate that is scored together is silent. Leakage: energy of the estimate "
    f"in windows in which the target is silent, {FLOOR_DB:g} dB standing for all that is less, "
    "silence included; n: tracks with such a window. Dot: median over tracks; line: quartiles."
)
