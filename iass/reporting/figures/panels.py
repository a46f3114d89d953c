"""Panels side by side, one per target, whose rows are methods."""

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from iass.reporting.context import Context
from iass.reporting.figures.parts import FAINT, LETTER_IN, NOT_RUN, NOT_SCORED, label_method
from iass.reporting.style import COLUMN_IN, DARK, SYSTEM_COLOURS, WIDTH_IN, colour_methods

Panels = list[list[Axes]]
"""The panels of each group."""

ROW_IN, DENSE_ROW_IN = 0.16, 0.115  # inches; height of a row
TEXT, DENSE_TEXT = 6.5, 5.8  # points
MANY_ROWS = 12  # from here rows are dense
BESIDE_IN = 0.62  # inches; title and axis of a panel
DOT = 2.8  # points
STRIPE = "#F4F4F4"


def make_panels(
    groups: Sequence[Sequence[str]],
    rows: Sequence[str],
    panel_in: float = 1.1,
    beside_in: float = BESIDE_IN,
) -> tuple[Figure, Panels]:
    """Return a figure with a panel per title, each group of titles on lines of its own.

    Row 0 is at the top; labels of `rows` stand left of each line. Panels are at least `panel_in`
    inches wide, and as their titles, with `beside_in` for title and axis; few of them make a figure
    as wide as one column of a paper.
    """
    letters = max(len(line) for titles in groups for title in titles for line in title.split("\n"))
    panel_in = max(panel_in, LETTER_IN * letters)
    columns = _count_columns(max(map(len, groups)), rows, panel_in)
    lines = [-(-len(titles) // columns) for titles in groups]
    figure = _make_figure(columns, sum(lines), rows, panel_in, beside_in)
    grid = figure.add_gridspec(sum(lines), columns)
    panels = []
    for start, titles in zip(accumulate([0, *lines[:-1]]), groups, strict=True):
        places = [divmod(index, columns) for index in range(len(titles))]
        axes = [figure.add_subplot(grid[start + line, column]) for line, column in places]
        for place, title, (_, column) in zip(axes, titles, places, strict=True):
            _prepare_panel(place, title, rows if column == 0 else [""] * len(rows))
        panels.append(axes)
    return figure, panels


def label_rows(methods: Sequence[str], context: Context, marks: Mapping[str, str]) -> list[str]:
    """Return the labels of methods as rows of a panel."""
    return [label_method(method, context, marks) for method in methods]


def colour_rows(context: Context) -> dict[str, str]:
    """Return a colour per method: as everywhere, but one for all systems where colours repeat."""
    one = dict.fromkeys(context.systems, SYSTEM_COLOURS[0]) if repeats_colours(context) else {}
    return colour_methods(context) | one


def repeats_colours(context: Context) -> bool:
    """Return whether there are more systems than colours."""
    return len(context.systems) > len(SYSTEM_COLOURS)


def draw_absences(axes: Axes, methods: Sequence[str], rows: pd.DataFrame, column: str) -> None:
    """Write at the left edge of a panel which methods were not run, or have no value.

    `rows` are those of the panel's target; the value is in `column`.
    """
    counts = rows.groupby("method")[column].count().to_dict()
    for place, method in enumerate(methods):
        if not counts.get(method):
            draw_row_text(axes, place, NOT_SCORED if method in counts else NOT_RUN)


def draw_row_text(axes: Axes, place: float, text: str) -> None:
    """Write at the left edge of a row what stands there instead of a value."""
    axes.annotate(
        text, (0.02, place), xycoords=("axes fraction", "data"), va="center", color=FAINT,
        fontsize=choose_text_size(axes) - 0.8,
    )  # fmt: skip


def draw_interval(
    axes: Axes, place: float, interval: tuple[float, float, float], colour: str, fill: str
) -> None:
    """Draw (low, middle, high) in a row: a line, and a dot on it."""
    low, middle, high = interval
    axes.plot([low, high], [place, place], color=colour, linewidth=1.0, zorder=3)
    axes.plot(
        middle, place, "o", color=colour, markerfacecolor=fill, markersize=DOT,
        markeredgewidth=0.8, zorder=4,
    )  # fmt: skip


def list_intervals(rows: pd.DataFrame, *columns: str) -> dict[str, tuple[float, float, float]]:
    """Return (low, middle, high) by method from three columns, of those that have a middle."""
    found = rows.dropna(subset=columns[1]).set_index("method")[list(columns)]
    return {str(row[0]): (row[1], row[2], row[3]) for row in found.itertuples(name=None)}


def choose_text_size(axes: Axes) -> float:
    """Return the size in points of text in the rows of a panel."""
    return DENSE_TEXT if len(axes.get_yticks()) >= MANY_ROWS else TEXT


def join_limits(values: pd.DataFrame, *around: float) -> tuple[float, float]:
    """Return an axis that shows all finite values and those `around`, with 6 % of air."""
    everything = np.append(values.to_numpy(np.float64).ravel(), around)
    finite = everything[np.isfinite(everything)]
    air = 0.06 * max(float(np.ptp(finite)), 1e-6)
    return float(finite.min()) - air, float(finite.max()) + air


def _count_columns(titles: int, rows: Sequence[str], panel_in: float) -> int:
    most = max(1, int((WIDTH_IN - _measure_labels(rows)) / panel_in))
    return -(-titles // -(-titles // most))


def _make_figure(
    columns: int, lines: int, rows: Sequence[str], panel_in: float, beside_in: float
) -> Figure:
    needed = _measure_labels(rows) + columns * panel_in
    height = DENSE_ROW_IN if len(rows) >= MANY_ROWS else ROW_IN
    width = COLUMN_IN if needed <= COLUMN_IN else WIDTH_IN
    size = (width, lines * (len(rows) * height + beside_in))
    return Figure(figsize=size, layout="constrained")


def _measure_labels(rows: Sequence[str]) -> float:
    return LETTER_IN * max(map(len, rows))


def _prepare_panel(axes: Axes, title: str, labels: Sequence[str]) -> None:
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    size = choose_text_size(axes)
    axes.tick_params(axis="y", length=0, labelsize=size)
    axes.tick_params(axis="x", labelsize=6, length=2.5)
    axes.xaxis.label.set_fontsize(6.5)
    axes.set_title(title, fontsize=7, loc="left", color=DARK, pad=3)
    axes.spines["left"].set_visible(False)
    for row in range(0, len(labels), 2):
        axes.axhspan(row - 0.5, row + 0.5, color=STRIPE, linewidth=0, zorder=0)
