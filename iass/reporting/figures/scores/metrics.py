"""SDR, ISR, SIR and SAR of every method on every target, as box plots.

Metrics stand side by side, targets below each other; rows are methods in the config's order. A box
spans the quartiles over tracks, its line is the median, whiskers reach as far as tracks do within
1.5 box lengths, and dots are the tracks beyond.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from iass.reporting.context import Context
from iass.reporting.figures.panels import (
    choose_text_size,
    colour_rows,
    draw_absences,
    label_rows,
    make_panels,
)
from iass.reporting.figures.parts import (
    FAINT,
    WHISKER,
    choose_limits,
    draw_nothing,
    find_marks,
    format_n,
    split_targets,
    write_footnote,
)
from iass.reporting.style import label_name
from iass.reporting.tracks import tabulate_tracks
from iass.scoring.table import METRICS

Floats = NDArray[np.float64]

COLUMNS = [
    "metric", "target", "method", "kind", "track", "value_db", "frames_used", "frames", "seeds",
    "trained_on", "erratum", "reason",
]  # fmt: skip
PANEL_IN, BESIDE_IN = 1.35, 0.52  # inches; least width of a panel, title and axis
BOX = 0.62  # height of a box; a row has 1
DOT = 1.4  # points
NOISE_DB = 100.0  # values above are rounding noise (docs/METRICS.md); no axis is made for them


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per metric, target, method and track: value in dB (NaN where not scored)."""
    tracks = tabulate_tracks(scores, context, METRICS)
    return tracks.rename(columns={"value": "value_db"})[COLUMNS]


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`, a line of panels per target."""
    limits = {metric: _choose_axis(data[data["metric"] == metric]) for metric in METRICS}
    drawn = [metric for metric in METRICS if limits[metric]]
    parts = split_targets(data, context)
    if not drawn:
        return draw_nothing(context, "nothing scored")
    marks = find_marks(data.dropna(subset="value_db"))
    titles = [[_title(rows, metric) for metric in drawn] for rows in parts.values()]
    figure, panels = make_panels(
        titles, label_rows(context.methods, context, marks), PANEL_IN, BESIDE_IN
    )
    for rows, line in zip(parts.values(), panels, strict=True):
        for metric, axes in zip(drawn, line, strict=True):
            axes.set_xlim(limits[metric])
            _draw_panel(axes, rows[rows["metric"] == metric], context)
    for axes, metric in zip(panels[-1], drawn, strict=True):
        axes.set_xlabel(f"{metric} (dB)")
    write_footnote(figure, context, _describe(context), marks)
    return figure


def _choose_axis(rows: pd.DataFrame) -> tuple[float, float] | None:
    """Return the axis of a metric, the same for all targets; None where nothing has a value."""
    parts = rows[rows["value_db"] <= NOISE_DB].groupby(["target", "method"])["value_db"]
    values = [part.to_numpy(np.float64) for _, part in parts]
    return choose_limits(values) if values else None


def _title(rows: pd.DataFrame, metric: str) -> str:
    counts = rows[rows["metric"] == metric].groupby("method")["value_db"].count()
    return f"{label_name(rows['target'].iloc[0])}: {metric}\n{format_n(counts)}"


def _draw_panel(axes: Axes, rows: pd.DataFrame, context: Context) -> None:
    axes.axvline(0.0, color=FAINT, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
    draw_absences(axes, context.methods, rows, "value_db")
    scored = dict(list(rows.dropna(subset="value_db").groupby("method")["value_db"]))
    colours = colour_rows(context)
    places = [place for place, method in enumerate(context.methods) if method in scored]
    methods = [context.methods[place] for place in places]
    values = [scored[method].to_numpy(np.float64) for method in methods]
    if values:
        _draw_boxes(axes, places, values, [colours[method] for method in methods])
    for place, sample in zip(places, values, strict=True):
        _count_beyond(axes, place, sample)


def _draw_boxes(
    axes: Axes, places: Sequence[int], values: Sequence[Floats], colours: Sequence[str]
) -> None:
    boxes = axes.boxplot(
        values,
        positions=places,
        orientation="horizontal",
        widths=BOX,
        whis=WHISKER,
        patch_artist=True,
        manage_ticks=False,
        boxprops={"linewidth": 0.4},
        whiskerprops={"linewidth": 0.5},
        capprops={"linewidth": 0},
        medianprops={"color": "black", "linewidth": 1.1},
        flierprops={"marker": "o", "markersize": DOT, "markeredgewidth": 0},
    )
    for box, dots, colour in zip(boxes["boxes"], boxes["fliers"], colours, strict=True):
        box.set_facecolor(colour)
        dots.set_markerfacecolor(colour)


def _count_beyond(axes: Axes, place: int, values: Floats) -> None:
    """Write at the edges of the axis how many tracks lie beyond them."""
    low, high = axes.get_xlim()
    beyond = [(0.0, "◂{}", "left", values < low), (1.0, "{}▸", "right", values > high)]
    for edge, text, align, is_beyond in beyond:
        if is_beyond.any():
            axes.annotate(
                text.format(int(is_beyond.sum())),
                (edge, place),
                xycoords=("axes fraction", "data"),
                ha=align,
                va="center",
                fontsize=choose_text_size(axes) - 1.0,
            )


def _describe(context: Context) -> str:
    return (
        f"Of each track, the median over {context.window_s:g}-s frames. Line: median over tracks; "
        f"box: quartiles; whiskers: tracks within {WHISKER:g} box lengths of it; dots: tracks "
        "beyond; ◂2 or 2▸: that many beyond the axis; n: tracks scored. SIR and SAR depend on what "
        "is scored together."
    )
