"""SDR of every track with every method, a panel per target.

Rows are the methods, the highest median at the top; columns are the tracks, the same in every
panel, from hard to easy. Methods that were not run on a target are named above its panel.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from seaborn import heatmap

from iass.reporting.context import Context
from iass.reporting.figures.parts import (
    LETTER_IN,
    NOT_RUN,
    NOT_SCORED,
    cut_text,
    draw_nothing,
    find_marks,
    label_method,
    split_targets,
    write_footnote,
)
from iass.reporting.style import DARK, WIDTH_IN, label_name
from iass.reporting.tracks import tabulate_tracks

COLUMNS = [
    "target", "method", "kind", "track", "sdr_db", "seeds", "trained_on", "erratum", "reason",
]  # fmt: skip
COLOURS = "RdBu"  # told apart with any colour vision; white is 0 dB, what silence scores
EMPTY = "#BBBBBB"
SHOWN = 0.98  # share of the values whose colours differ
ROW_IN, MEDIAN_IN = 0.1, 0.7  # inches; height of a row, width of a median
CELL_IN, NAMED_IN = 0.3, 0.085  # inches; width of a cell with its number, of one with a name
HEAD_IN, NAMES_IN, SCALE_IN, BESIDE_IN = 0.25, 1.3, 0.09, 0.4  # inches
MOST_LETTERS, MOST_TITLE = 30, 120  # of the name of a track, of a title
TEXT_SIZE, NUMBER_SIZE = 5.6, 5.0  # points

Grid = pd.DataFrame
"""SDRs in dB, methods x tracks, as they are drawn."""


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per target, method and track: SDR in dB (NaN where not scored)."""
    return tabulate_tracks(scores, context).rename(columns={"value": "sdr_db"})[COLUMNS]


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`."""
    if not data["sdr_db"].notna().any():
        return draw_nothing(context, "nothing scored")
    marks = find_marks(data.dropna(subset="sdr_db"))
    labels = {method: label_method(method, context, marks) for method in context.methods}
    grids = _arrange_cells(data, context)
    colours = _choose_colours(data)
    figure = _draw_grids(grids, labels, colours)
    for axes, (target, grid) in zip(figure.axes, grids.items(), strict=False):
        axes.set_title(_title(target, grid, context), fontsize=7, loc="left", color=DARK, pad=3)
    write_footnote(figure, context, _describe(context), marks)
    return figure


def _arrange_cells(data: pd.DataFrame, context: Context) -> dict[str, Grid]:
    """Return a grid per target with rows, the best method first, tracks from hard to easy."""
    tracks = data.groupby("track")["sdr_db"].median().sort_values(kind="stable").index
    parts = split_targets(data, context)
    return {target: _arrange_target(rows, tracks) for target, rows in parts.items()}


def _arrange_target(rows: pd.DataFrame, tracks: "pd.Index[str]") -> Grid:
    grid = rows.pivot(index="method", columns="track", values="sdr_db")
    best = grid.median(axis=1).sort_values(ascending=False, kind="stable").index
    return grid.reindex(index=best, columns=tracks)


def _choose_colours(data: pd.DataFrame) -> Normalize:
    reach = float(data["sdr_db"].abs().quantile(SHOWN)) or 1.0
    return Normalize(-reach, reach)


def _draw_grids(grids: Mapping[str, Grid], labels: Mapping[str, str], colours: Normalize) -> Figure:
    """Return a figure with a panel per grid, as high as its rows, the scale of colours on top."""
    tracks = list(next(iter(grids.values())).columns)
    beside = LETTER_IN * max(map(len, labels.values())) + MEDIAN_IN
    columns = _count_columns(len(grids), beside + len(tracks) * CELL_IN)
    cell_in = (WIDTH_IN / columns - beside) / len(tracks)
    heights = [len(grid) * ROW_IN + HEAD_IN for grid in grids.values()]
    lines = [max(heights[start : start + columns]) for start in range(0, len(heights), columns)]
    height = SCALE_IN + sum(lines) + NAMES_IN + BESIDE_IN
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    places = figure.add_gridspec(len(lines) + 1, columns, height_ratios=[SCALE_IN, *lines])
    for index, grid in enumerate(grids.values()):
        line, column = divmod(index, columns)
        axes = figure.add_subplot(places[line + 1, column])
        _draw_panel(axes, grid, labels, colours, has_numbers=cell_in >= CELL_IN)
        if index + columns >= len(grids):
            _name_tracks(axes, tracks, cell_in)
    _draw_scale(figure, places, colours)
    return figure


def _count_columns(panels: int, panel_in: float) -> int:
    most = max(1, int(WIDTH_IN / panel_in))
    return -(-panels // -(-panels // most))


def _draw_panel(
    axes: Axes, grid: Grid, labels: Mapping[str, str], colours: Normalize, *, has_numbers: bool
) -> None:
    """Draw the cells, the names of methods at the left and their medians at the right."""
    axes.set_facecolor(EMPTY)
    heatmap(
        grid,
        ax=axes,
        cmap=COLOURS,
        vmin=colours.vmin,
        vmax=colours.vmax,
        cbar=False,
        linewidths=0.25,
        annot=has_numbers,
        fmt="z.1f",
        annot_kws={"fontsize": NUMBER_SIZE, "va": "center_baseline"},
        xticklabels=False,
        yticklabels=[labels[method] for method in grid.index],
    )
    axes.set(xlabel=None, ylabel=None)
    axes.tick_params(length=0, labelsize=TEXT_SIZE)
    axes.tick_params(axis="y", rotation=0)
    for place, (_, row) in enumerate(grid.iterrows()):
        text, at = f" {_describe_row(row)}", (grid.shape[1], place + 0.5)
        axes.text(*at, text, color=DARK, va="center_baseline", fontsize=TEXT_SIZE)


def _name_tracks(axes: Axes, tracks: list[str], cell_in: float) -> None:
    """Write the names below the panel, upright where they do not fit; none in narrow columns."""
    if cell_in < NAMED_IN:
        return
    names = [cut_text(name, MOST_LETTERS) for name in tracks]
    rotation = 0 if LETTER_IN * TEXT_SIZE / 6.5 * max(map(len, names)) < cell_in else 90
    axes.set_xticks(np.arange(len(tracks)) + 0.5, names, rotation=rotation)


def _describe_row(row: "pd.Series[float]") -> str:
    return f"{row.median():z.2f} ({row.count()})" if row.notna().any() else NOT_SCORED


def _title(target: str, grid: Grid, context: Context) -> str:
    absent = [label_name(method) for method in context.methods if method not in grid.index]
    names = f" ({NOT_RUN}: {', '.join(absent)})" if absent else ""
    return cut_text(label_name(target) + names, MOST_TITLE)


def _draw_scale(figure: Figure, places: GridSpec, colours: Normalize) -> None:
    strip = figure.add_subplot(places[0, :])
    strip.set_axis_off()
    bar = figure.colorbar(
        ScalarMappable(colours, COLOURS),
        cax=strip.inset_axes((0.3, 0.0, 0.4, 1.0)),
        orientation="horizontal",
        extend="both",
    )
    bar.set_label("SDR (dB)", fontsize=6.5)
    bar.ax.tick_params(labelsize=6)


def _describe(context: Context) -> str:
    return (
        f"Cell: one track, SDR as the median over {context.window_s:g}-s frames; white: 0 dB, what "
        "silence scores; grey: not scored. Rows: methods by their median over tracks, at the right "
        "in dB with the number of tracks scored. Columns: tracks, the same in every panel, from "
        "hard to easy by their median over all cells."
    )
