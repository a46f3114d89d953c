"""SDR per instrument and method, in the manner of the paper's result figures.

A box spans the quartiles over tracks, its line is the median, each dot is one track. Bounds and
oracles are grey, systems coloured; the 0 dB line is what silence scores. Tracks beyond the axis
are drawn as triangles at its edge and counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from iass.reporting.context import Context
from iass.reporting.figures.panels import colour_rows, repeats_colours
from iass.reporting.figures.parts import (
    FAINT,
    NOT_RUN,
    NOT_SCORED,
    choose_limits,
    draw_legend,
    draw_nothing,
    find_marks,
    format_n,
    label_method,
    write_footnote,
)
from iass.reporting.style import (
    DARK,
    WIDTH_IN,
    hatch_methods,
    label_name,
)
from iass.reporting.tracks import tabulate_tracks
from iass.statistics.summary import LOWER, UPPER

Floats = NDArray[np.float64]

COLUMNS = [
    "method", "kind", "target", "track", "sdr_db", "frames_used", "frames", "seeds", "trained_on",
    "erratum", "reason",
]  # fmt: skip
ROW_IN = 2.7  # inches; height of one row of targets
MOST_BOXES = 48  # boxes side by side that stay legible over the figure's width
BOX = 0.78  # width of a box; a method has a slot of width 1
DOT, SINGLE_DOT = 5.0, 28.0  # square points; the latter where one track is all there is
NAMES_IN = 0.5  # inches; more height where methods are named below their boxes
GAP = 1.0  # slots left free between two targets


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per method, target and track: SDR in dB (NaN where not scored).

    The value is the median over frames and the mean over training seeds.
    """
    return tabulate_tracks(scores, context).rename(columns={"value": "sdr_db"})[COLUMNS]


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`, one box per method and target."""
    values = {
        (str(method), str(target)): rows["sdr_db"].dropna().to_numpy(np.float64)
        for (method, target), rows in data.groupby(["method", "target"])
    }
    scored = [cell for cell in values.values() if len(cell)]
    if not scored:
        return draw_nothing(context, "nothing scored")
    limits = choose_limits(scored)
    rows = _wrap_targets(context)
    marks = find_marks(data.dropna(subset="sdr_db"))
    is_crowded = repeats_colours(context)
    height = (ROW_IN + NAMES_IN * is_crowded) * len(rows)
    figure = Figure(figsize=(WIDTH_IN, height), layout="constrained")
    for index, targets in enumerate(rows):
        axes = figure.add_subplot(len(rows), 1, index + 1)
        _draw_row(axes, targets, values, limits, context)
        if is_crowded:
            _name_boxes(axes, len(targets), context, marks)
    if not is_crowded:
        _draw_legend(figure, context, marks)
    write_footnote(figure, context, _describe(context), marks)
    return figure


def _describe(context: Context) -> str:
    return (
        "Line: median over tracks; box: quartiles over tracks; dot: one track, median over "
        f"{context.window_s:g}-s frames; triangle: that many tracks beyond the axis; n: tracks "
        "scored."
    )


def _wrap_targets(context: Context) -> list[list[str]]:
    """Split the targets into rows that stay legible, as even as possible."""
    per_row = max(1, MOST_BOXES // (len(context.methods) + 1))
    rows = -(-len(context.targets) // per_row)
    return [list(part) for part in np.array_split(list(context.targets), rows)]


def _draw_row(
    axes: Axes,
    targets: Sequence[str],
    values: dict[tuple[str, str], Floats],
    limits: tuple[float, float],
    context: Context,
) -> None:
    slots = len(context.methods) + GAP
    axes.axhline(0.0, color=DARK, linewidth=0.8, linestyle=(0, (4, 2)), zorder=1)
    axes.set(xlim=(-0.5 - GAP / 2, len(targets) * slots - 0.5 - GAP / 2), ylim=limits)
    for group, target in enumerate(targets):
        for index, method in enumerate(context.methods):
            place = group * slots + index
            _draw_cell(axes, place, values.get((method, target)), method, context)
        if group:
            axes.axvline(group * slots - 0.5 - GAP / 2, color="#E5E5E5", linewidth=0.6, zorder=0)
    centres = [group * slots + (len(context.methods) - 1) / 2 for group in range(len(targets))]
    labels = [f"{label_name(target)}\n{_count(target, values, context)}" for target in targets]
    axes.set_xticks(centres, labels)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("SDR (dB)")
    axes.annotate(
        "0 dB:\nsilence",
        (1.0, 0.0),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=6.5,
        color=DARK,
    )


def _name_boxes(axes: Axes, groups: int, context: Context, marks: Mapping[str, str]) -> None:
    """Write the name of its method below every box, and those of the targets above."""
    slots = len(context.methods) + GAP
    names = [label_method(method, context, marks) for method in context.methods]
    places = [group * slots + index for group in range(groups) for index in range(len(names))]
    axes.xaxis.remove_overlapping_locs = False  # a target may stand above the name of a method
    axes.tick_params(axis="x", which="major", labeltop=True, labelbottom=False)
    axes.set_xticks(places, names * groups, minor=True, rotation=90, fontsize=6)
    axes.tick_params(axis="x", which="minor", length=0, pad=7)


def _draw_cell(
    axes: Axes, place: float, values: Floats | None, method: str, context: Context
) -> None:
    if values is None or len(values) == 0:
        _draw_absence(axes, place, NOT_RUN if values is None else NOT_SCORED)
        return
    colour = colour_rows(context)[method]
    if len(values) > 1:
        _draw_box(axes, place, values, colour, hatch_methods(context)[method])
    _draw_tracks(axes, place, values, colour)


def _draw_box(axes: Axes, place: float, values: Floats, colour: str, hatch: str) -> None:
    low, median, high = np.quantile(values, [LOWER, 0.5, UPPER])
    box = Rectangle((place - BOX / 2, low), BOX, high - low, **_fill(colour, hatch), zorder=2)
    axes.add_patch(box)
    axes.hlines(median, place - BOX / 2, place + BOX / 2, color="black", linewidth=1.3, zorder=4)


def _fill(colour: str, hatch: str) -> dict[str, Any]:
    """Return how a box and its entry in the legend are filled."""
    return {
        "facecolor": colour,
        "edgecolor": "white",
        "hatch": hatch,
        "alpha": 0.55,
        "linewidth": 0,
    }


def _draw_tracks(axes: Axes, place: float, values: Floats, colour: str) -> None:
    """Draw a dot per track, spread in the order of the tracks, and those beyond the axis."""
    spread = np.linspace(-0.3, 0.3, len(values)) * BOX if len(values) > 1 else np.zeros(1)
    low, high = axes.get_ylim()
    inside = (values >= low) & (values <= high)
    axes.scatter(
        place + spread[inside],
        values[inside],
        s=SINGLE_DOT if len(values) == 1 else DOT,
        color=colour,
        edgecolor="white",
        linewidth=0.3,
        zorder=3,
    )
    _draw_clipped(axes, place, low, int((values < low).sum()), colour, "v")
    _draw_clipped(axes, place, high, int((values > high).sum()), colour, "^")


def _draw_clipped(
    axes: Axes, place: float, edge: float, count: int, colour: str, marker: str
) -> None:
    if count == 0:
        return
    axes.scatter([place], [edge], s=22, marker=marker, color=colour, clip_on=False, zorder=5)
    axes.annotate(
        f"{count}",
        (place, edge),
        xytext=(0, 6 if marker == "v" else -6),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=6,
    )


def _draw_absence(axes: Axes, place: float, text: str) -> None:
    bottom = axes.get_ylim()[0]
    axes.annotate(
        text,
        (place, bottom),
        xytext=(0, 4),
        textcoords="offset points",
        rotation=90,
        ha="center",
        va="bottom",
        fontsize=6,
        color=FAINT,
    )


def _count(target: str, values: dict[tuple[str, str], Floats], context: Context) -> str:
    return format_n(len(values.get((method, target), ())) for method in context.methods)


def _draw_legend(figure: Figure, context: Context, marks: Mapping[str, str]) -> None:
    colours, hatches = colour_rows(context), hatch_methods(context)
    handles = [
        Patch(
            **_fill(colours[method], hatches[method]),
            label=label_method(method, context, marks),
        )
        for method in context.methods
    ]
    draw_legend(figure, handles)
