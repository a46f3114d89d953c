"""SDR per instrument and method, in the manner of the paper's result figures.

A box spans the quartiles over tracks, its line is the median, each dot is one track. Bounds and
oracles are grey, systems coloured; the 0 dB line is what silence scores. Tracks beyond the axis
are drawn as triangles at its edge and counted.
"""

from collections.abc import Sequence, Set
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from iass.reporting.context import HEARD, HEARD_NOTE, Context
from iass.reporting.figures.parts import draw_message, write_footnote
from iass.reporting.style import (
    DARK,
    WIDTH_IN,
    colour_methods,
    hatch_methods,
    label_name,
)
from iass.statistics.summary import LOWER, UPPER, average_seeds, compute_track_medians

Floats = NDArray[np.float64]

COLUMNS = [
    "method", "target", "track", "sdr_db", "frames_used", "frames", "seeds", "trained_on", "reason",
]  # fmt: skip
ROW_IN = 2.7  # inches; height of one row of targets
MOST_BOXES = 48  # boxes side by side that stay legible over the figure's width
WHISKER = 1.5  # interquartile ranges beyond the box that the axis still shows (Tukey)
BOX = 0.78  # width of a box; a method has a slot of width 1
LEGEND_COLUMNS = 6
DOT, SINGLE_DOT = 5.0, 28.0  # square points; the latter where one track is all there is
GAP = 1.0  # slots left free between two targets


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per method, target and track: SDR in dB (NaN where not scored).

    The value is the median over frames and the mean over training seeds.
    """
    sdr = scores[scores["metric"] == "SDR"]
    tracks = average_seeds(compute_track_medians(sdr)).rename(columns={"value": "sdr_db"})
    known = tracks["method"].isin(context.methods) & tracks["target"].isin(context.targets)
    rows = tracks.loc[known, COLUMNS].reset_index(drop=True)
    rows.insert(1, "kind", rows["method"].map(dict(context.kinds)))
    return rows


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`, one box per method and target."""
    values = {
        (str(method), str(target)): rows["sdr_db"].dropna().to_numpy(np.float64)
        for (method, target), rows in data.groupby(["method", "target"])
    }
    scored = [cell for cell in values.values() if len(cell)]
    if not scored:
        return draw_message(f"{context.experiment} on {context.dataset}: nothing scored")
    limits = _choose_limits(scored)
    rows = _wrap_targets(context)
    figure = Figure(figsize=(WIDTH_IN, ROW_IN * len(rows) + 0.5), layout="constrained")
    for index, targets in enumerate(rows):
        axes = figure.add_subplot(len(rows), 1, index + 1)
        _draw_row(axes, targets, values, limits, context)
    heard = set(data.loc[data["trained_on"].astype(bool), "method"])
    _draw_legend(figure, context, heard)
    write_footnote(figure, f"{_describe(context)} {HEARD_NOTE if heard else ''}".rstrip())
    return figure


def _describe(context: Context) -> str:
    return (
        f"Experiment {context.experiment}. {context.data}. Line: median over tracks; box: "
        f"quartiles over tracks; dot: one track, median over {context.window_s:g}-s frames; "
        "triangle: that many tracks beyond the axis; n: tracks scored."
    )


def _choose_limits(values: Sequence[Floats]) -> tuple[float, float]:
    """Return the SDR axis in dB: every box with its Tukey whiskers, 0 dB, and some air."""
    boxes = [np.quantile(cell, [LOWER, UPPER]) for cell in values]
    reach = [WHISKER * (high - low) for low, high in boxes]
    everything = np.concatenate(values)
    low = max(everything.min(), min(box[0] - more for box, more in zip(boxes, reach, strict=True)))
    high = min(everything.max(), max(box[1] + more for box, more in zip(boxes, reach, strict=True)))
    low, high = min(low, 0.0), max(high, 0.0)
    air = 0.06 * max(high - low, 1.0)
    return float(low - air), float(high + air)


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
    labels = [f"{label_name(target)}\n{_describe_n(target, values, context)}" for target in targets]
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


def _draw_cell(
    axes: Axes, place: float, values: Floats | None, method: str, context: Context
) -> None:
    if values is None or len(values) == 0:
        _draw_absence(axes, place, "not run" if values is None else "not scored")
        return
    colour = colour_methods(context)[method]
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
        color="#777777",
    )


def _describe_n(target: str, values: dict[tuple[str, str], Floats], context: Context) -> str:
    counts = [len(values.get((method, target), ())) for method in context.methods]
    scored = sorted({count for count in counts if count})
    if not scored:
        return "n = 0"
    return f"n = {scored[0]}" if len(scored) == 1 else f"n = {scored[0]} to {scored[-1]}"


def _draw_legend(figure: Figure, context: Context, heard: Set[str]) -> None:
    colours, hatches = colour_methods(context), hatch_methods(context)
    handles = [
        Patch(
            **_fill(colours[method], hatches[method]),
            label=_label_role(method, context) + HEARD * (method in heard),
        )
        for method in context.methods
    ]
    columns = min(len(handles), LEGEND_COLUMNS)
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, columnspacing=1.2)


def _label_role(method: str, context: Context) -> str:
    if method in context.systems:
        return label_name(method)
    return f"{label_name(method)} ({context.kinds[method]})"
