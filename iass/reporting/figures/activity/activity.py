"""Instrument activity over time: reference, predicted probability and applied gate.

One panel per target shows one track: of all tracks with a prediction the one in which the target
plays closest to half of the time, so that there is something to predict.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from iass.preparation.activity import ACTIVE
from iass.reporting.context import Context
from iass.reporting.figures.parts import (
    draw_legend,
    draw_nothing,
    find_marks,
    read_marks,
    split_targets,
    write_footnote,
    write_marks,
)
from iass.reporting.frames import tabulate_frames
from iass.reporting.style import DARK, WIDTH_IN, colour_methods, label_name
from iass.scoring.activity import OPEN, compute_f1

COLUMNS = [
    "target", "track", "method", "seed", "time_s", "reference", "probability", "gate", "marks",
]  # fmt: skip
F1_COLUMNS = ["f1", "f1_always_on", "tracks"]
PANEL_IN = 0.72  # inches; height of a panel
REFERENCE = "#D9D9D9"
GATE_TOP = -0.08  # of the probability axis; gates are drawn as bars below zero
GATE_STEP = 0.16
_DESCRIPTION = (
    "One track per target, named at the right: the one in which the target plays closest to half "
    f"of the time. Grey: reference confidence of at least {ACTIVE:g}. F1: of the gate over all "
    "frames of n tracks, beside what a gate that is always open reaches."
)


def tabulate(activity: pd.DataFrame, labels: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the drawn track of each target, one row per method and predicted frame.

    `f1` of the gate and `f1_always_on` are over the frames of all `tracks` with a prediction.
    """
    predicted = tabulate_frames(activity, labels, context)
    if predicted.empty:
        return pd.DataFrame(columns=[*COLUMNS, *F1_COLUMNS])
    predicted["marks"] = write_marks(predicted["method"], find_marks(predicted))
    rows = predicted.merge(_choose_tracks(predicted, labels), on=["target", "track"])
    return rows[COLUMNS].merge(_compute_f1s(predicted), on=["target", "method"])


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`, one panel per target in the context's order."""
    targets = list(split_targets(data, context))
    if not targets:
        return draw_nothing(context, "no activity predicted")
    marks = read_marks(data)
    labels = {method: label_name(method) + marks[method] for method in _list_methods(data, context)}
    figure = Figure(figsize=(WIDTH_IN, PANEL_IN * len(targets) + 0.4), layout="constrained")
    axes = figure.subplots(len(targets), 1, sharex=True, squeeze=False)[:, 0]
    for place, target in zip(axes, targets, strict=True):
        _draw_panel(place, data[data["target"] == target], labels, context)
        place.tick_params(axis="x", length=0)
        place.set_ylabel(label_name(target).replace(" ", "\n"), rotation=0, ha="right", va="center")
    axes[-1].set_xlabel("time (s)")
    axes[-1].tick_params(axis="x", length=3)
    _draw_legend(figure, labels, context)
    write_footnote(figure, context, _DESCRIPTION, marks)
    return figure


def _list_methods(data: pd.DataFrame, context: Context) -> list[str]:
    return [method for method in context.methods if (data["method"] == method).any()]


def _choose_tracks(predicted: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    """Return target and track where the reference is active nearest to half of the time."""
    plays = labels.assign(distance=labels["confidence"] >= ACTIVE)
    share = plays.groupby(["target", "track"], as_index=False)["distance"].mean()
    share["distance"] = (share["distance"].astype("float64") - 0.5).abs()
    candidates = share.merge(predicted[["target", "track"]].drop_duplicates())
    ranked = candidates.sort_values(["target", "distance", "track"])
    nearest: pd.DataFrame = ranked.drop_duplicates("target")[["target", "track"]]
    return nearest


def _compute_f1s(predicted: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for (target, method), part in predicted.groupby(["target", "method"]):
        reference = part["reference"].to_numpy(bool)
        gate = part["gate"].to_numpy(np.float64) >= OPEN
        f1, always_on = compute_f1(gate, reference), compute_f1(np.ones_like(gate), reference)
        rows.append((target, method, f1, always_on, part["track"].nunique()))
    return pd.DataFrame(rows, columns=["target", "method", *F1_COLUMNS])


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, labels: Mapping[str, str], context: Context
) -> None:
    colours = colour_methods(context)
    first = rows[rows["method"] == rows["method"].iloc[0]]
    axes.fill_between(
        first["time_s"], first["reference"], step="mid", color=REFERENCE, linewidth=0, zorder=0
    )
    for index, method in enumerate(labels):
        part = rows[rows["method"] == method]
        axes.plot(part["time_s"], part["probability"], color=colours[method], linewidth=0.9)
        low = GATE_TOP - GATE_STEP * (index + 1)
        is_open = part["gate"].to_numpy(np.float64) >= OPEN
        axes.fill_between(
            part["time_s"],
            low,
            low + 0.75 * GATE_STEP,
            where=is_open,
            step="mid",
            color=colours[method],
            linewidth=0,
        )
    axes.set(ylim=(GATE_TOP - GATE_STEP * len(labels) - 0.04, 1.04), yticks=[0, 1])
    axes.margins(x=0)
    axes.set_title(_describe_panel(rows, labels), loc="right", fontsize=6, color=DARK, pad=2)
    axes.tick_params(labelsize=6)


def _describe_panel(rows: pd.DataFrame, labels: Mapping[str, str]) -> str:
    """Name the track, and the F1 of every method beside that of a gate that is always open."""
    f1 = dict(zip(rows["method"], rows["f1"], strict=True))
    scores = [f"{label} {f1[method]:.2f}" for method, label in labels.items() if method in f1]
    first = rows.iloc[0]
    always_on = f"always on {first['f1_always_on']:.2f}"
    return f"{first['track']}   |   F1, n = {first['tracks']}: {', '.join([*scores, always_on])}"


def _draw_legend(figure: Figure, labels: Mapping[str, str], context: Context) -> None:
    colours = colour_methods(context)
    handles: list[Line2D | Patch] = [Patch(color=REFERENCE, label="target plays (reference)")]
    for method, name in labels.items():
        colour = colours[method]
        handles.append(Line2D([], [], color=colour, linewidth=0.9, label=f"{name}: probability"))
        handles.append(Patch(color=colour, label=f"{name}: gate open (bar below 0)"))
    draw_legend(figure, handles)
