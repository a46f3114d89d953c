"""How well activity is told from probability at every threshold: precision against recall.

A panel per target, over the frames of all tracks together. The dot is what the gate does, at the
threshold and with the smoothing that are applied to the estimate.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, precision_recall_curve

from iass.preparation.activity import ACTIVE
from iass.reporting.context import Context
from iass.reporting.figures.parts import (
    FAINT,
    draw_nothing,
    find_marks,
    format_n,
    read_marks,
    split_targets,
    write_footnote,
    write_marks,
)
from iass.reporting.frames import tabulate_frames
from iass.reporting.style import COLUMN_IN, DARK, WIDTH_IN, colour_methods, label_name
from iass.scoring.activity import OPEN

COLUMNS = [
    "target", "method", "point", "threshold", "recall", "precision", "average_precision",
    "prevalence", "tracks", "frames", "marks",
]  # fmt: skip
"""`point`: "curve", or "gate" for the operating point."""
POINTS = 201  # of a curve that has more, at even steps of recall
MOST_COLUMNS = 4
PANEL_IN = 1.75  # inches; height of a panel


def tabulate(activity: pd.DataFrame, labels: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the points of a curve per target and method, and the gate's own; shares, 0 to 1.

    A target that never plays has no recall and no rows. `threshold` is NaN for the gate.
    """
    frames = tabulate_frames(activity, labels, context)
    tables = [
        _trace_curve(rows).assign(target=str(target), method=str(method))
        for (target, method), rows in frames.groupby(["target", "method"])
        if rows["reference"].any()
    ]
    if not tables:
        return pd.DataFrame(columns=COLUMNS)
    points = pd.concat(tables, ignore_index=True)
    return points.assign(marks=write_marks(points["method"], find_marks(frames)))[COLUMNS]


def _trace_curve(rows: pd.DataFrame) -> pd.DataFrame:
    reference = rows["reference"].to_numpy(bool)
    probability = rows["probability"].to_numpy(np.float64)
    precision, recall, threshold = precision_recall_curve(reference, probability)
    kept = _thin_out(recall)
    curve = pd.DataFrame(
        {
            "point": "curve",
            "threshold": np.append(threshold, np.nan)[kept],
            "recall": recall[kept],
            "precision": precision[kept],
        }
    )
    return pd.concat([curve, _place_gate(rows, reference)], ignore_index=True).assign(
        average_precision=min(float(average_precision_score(reference, probability)), 1.0),
        prevalence=float(reference.mean()),
        tracks=rows["track"].nunique(),
        frames=len(rows),
    )


def _thin_out(recall: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return which points to draw of a curve that goes down from a recall of 1 to 0.

    Of each step the highest threshold that reaches it; the first point is that of no threshold.
    """
    if len(recall) <= POINTS:
        return np.arange(len(recall))
    steps = np.linspace(1.0, 0.0, POINTS - 1)
    return np.unique(np.append(np.searchsorted(-recall, -steps, side="right") - 1, 0))


def _place_gate(rows: pd.DataFrame, reference: NDArray[np.bool_]) -> pd.DataFrame:
    """Return recall and precision of the gate; a gate that never opens has no precision."""
    is_open = rows["gate"].to_numpy(np.float64) >= OPEN
    hits = float((is_open & reference).sum())
    precision = hits / is_open.sum() if is_open.any() else np.nan
    row = ("gate", np.nan, hits / reference.sum(), precision)
    return pd.DataFrame([row], columns=["point", "threshold", "recall", "precision"])


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`."""
    parts = split_targets(data, context)
    if not parts:
        return draw_nothing(context, "no activity predicted where a target plays")
    lines = -(-len(parts) // MOST_COLUMNS)
    columns = -(-len(parts) // lines)
    size = (WIDTH_IN if columns > 2 else COLUMN_IN, PANEL_IN * lines)
    figure = Figure(figsize=size, layout="constrained")
    for index, rows in enumerate(parts.values()):
        axes = figure.add_subplot(lines, columns, index + 1)
        _draw_panel(axes, rows, context)
        axes.set(xlabel="recall", ylabel="precision" if index % columns == 0 else "")
    write_footnote(figure, context, _DESCRIPTION, read_marks(data))
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, context: Context) -> None:
    first = rows.iloc[0]
    chance = first["prevalence"]
    axes.axhline(chance, color=FAINT, linewidth=0.8, linestyle=(0, (4, 2)))
    axes.plot([], [], color=FAINT, linestyle=(0, (4, 2)), label=f"always on {chance:.2f}")
    colours = colour_methods(context)
    for method in [method for method in context.methods if (rows["method"] == method).any()]:
        part = rows[rows["method"] == method]
        curve, gate = (part[part["point"] == point] for point in ("curve", "gate"))
        name = f"{label_name(method)}{part['marks'].iloc[0]}"
        label = f"{name} {part['average_precision'].iloc[0]:.2f}"
        (line,) = axes.step(
            curve["recall"], curve["precision"], where="post", color=colours[method], label=label
        )
        line.set_linewidth(1.1)
        (dot,) = axes.plot(gate["recall"], gate["precision"], "o", color=colours[method])
        dot.set(markersize=4.0, clip_on=False, zorder=4)
    axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.03), xticks=[0, 0.5, 1], yticks=[0, 0.5, 1])
    axes.tick_params(labelsize=6)
    title = f"{label_name(first['target'])}, {format_n(rows['tracks'])}"
    axes.set_title(title, fontsize=7, loc="left", color=DARK, pad=3)
    axes.legend(loc="lower left", fontsize=6, title="average precision", title_fontsize=6)


_DESCRIPTION = (
    "Curve: precision and recall of the predicted probability at every threshold, over the frames "
    f"of n tracks together; a frame plays from a reference confidence of {ACTIVE:g}. Dot: the gate "
    "that was applied. Dashed: share of frames in which the target plays, the precision of a gate "
    "that is always on. Of several training seeds the lowest is shown."
)
