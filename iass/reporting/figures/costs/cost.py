"""What methods cost against how well they separate.

Four panels share the axis of SDR: parameters, hours of training, and time and memory of separation.
"""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from iass.reporting.context import Context
from iass.reporting.costs import COST_COLUMNS
from iass.reporting.figures.parts import (
    FAINT,
    draw_legend,
    draw_nothing,
    find_marks,
    label_method,
    number_decades,
    read_marks,
    write_footnote,
    write_marks,
)
from iass.reporting.style import DARK, WIDTH_IN, colour_methods
from iass.reporting.tracks import tabulate_tracks

COLUMNS = [
    "method", "kind", "sdr_db", "worst_db", "best_db", "targets", *COST_COLUMNS, "marks",
]  # fmt: skip
TITLES = {
    "parameters": "parameters (million)",
    "training_hours": "training ({}-hours)",
    "real_time_factor": "separation (s per s of music)",
    "memory_gb": "memory of separation (GB)",
}
SCALES = {"parameters": 1e-6}  # of what is drawn by what is in the table
PANEL_IN = 2.4  # inches; height of the panels
DOT = 4.5  # points
AIR = 3.0  # by which factor an axis goes on beyond the outermost dots


def tabulate(costs: pd.DataFrame, scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per method that was scored: mean SDR over targets in dB, and `read_costs`.

    Of each target the median over tracks; only the `targets` count that all these methods have.
    """
    tracks = tabulate_tracks(scores, context).dropna(subset="value")
    medians = tracks.groupby(["method", "target"])["value"].median().unstack().dropna(axis=1)
    marks = find_marks(tracks)
    table = pd.DataFrame(
        {
            "sdr_db": medians.mean(axis=1),
            "worst_db": medians.min(axis=1),
            "best_db": medians.max(axis=1),
            "targets": medians.shape[1],
        }
    ).join(costs)
    table = table.reindex([method for method in context.methods if method in table.index])
    table = table.rename_axis("method").reset_index()
    return table.assign(
        kind=table["method"].map(dict(context.kinds)),
        marks=write_marks(table["method"], marks),
    )[COLUMNS]


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`."""
    if not data["sdr_db"].notna().any() or not data[COST_COLUMNS].notna().any().any():
        return draw_nothing(context, "no target that all methods have, or no costs")
    figure = Figure(figsize=(WIDTH_IN, PANEL_IN), layout="constrained")
    panels = figure.subplots(1, len(TITLES), sharey=True)
    for axes, column in zip(panels, TITLES, strict=True):
        _draw_panel(axes, data, column, context)
    panels[0].set_ylabel("mean of median SDRs (dB)")
    marks = read_marks(data)
    _draw_legend(figure, data, context, marks)
    write_footnote(figure, context, _describe(data), marks)
    return figure


def _draw_panel(axes: Axes, data: pd.DataFrame, column: str, context: Context) -> None:
    known = data[data[column].notna()]
    colours = colour_methods(context)
    amounts = known[column].astype("float64") * SCALES.get(column, 1.0)
    for method, amount, (_, row) in zip(known["method"], amounts, known.iterrows(), strict=True):
        colour = colours[method]
        axes.plot([amount] * 2, [row["worst_db"], row["best_db"]], color=colour, linewidth=0.7)
        axes.plot(amount, row["sdr_db"], _choose_marker(method, context), color=colour, ms=DOT)
    axes.axhline(0.0, color=FAINT, linewidth=0.6, linestyle=(0, (4, 2)), zorder=0)
    axes.set_xlabel(TITLES[column].format(_name_device(data)), fontsize=7)
    axes.tick_params(labelsize=6)
    title = f"{len(known)} of {len(data)} methods"
    axes.set_title(title, fontsize=6, loc="left", color=DARK, pad=3)
    if len(known):
        axes.set(xscale="log", xlim=(amounts.min() / AIR, amounts.max() * AIR))
        number_decades(axes.xaxis)


def _choose_marker(method: str, context: Context) -> str:
    return "o" if method in context.systems else "s"


def _name_device(data: pd.DataFrame) -> str:
    devices = set(data.loc[data["training_hours"].notna(), "on_gpu"])
    return "/".join(name for name, on_gpu in (("GPU", True), ("CPU", False)) if on_gpu in devices)


def _draw_legend(
    figure: Figure, data: pd.DataFrame, context: Context, marks: dict[str, str]
) -> None:
    colours = colour_methods(context)
    handles = [
        Line2D(
            [], [], color=colours[method], marker=_choose_marker(method, context), markersize=DOT,
            linewidth=0.7, label=label_method(method, context, marks),
        )
        for method in data["method"]
    ]  # fmt: skip
    draw_legend(figure, handles)


def _describe(data: pd.DataFrame) -> str:
    return (
        f"Height: mean over {data['targets'].iloc[0]} targets of the median SDR over tracks; line: "
        "from the worst to the best target. Parameters and hours: of the networks of all targets, "
        "validations included, of several seeds the mean. Separation: wall time of all jobs, the "
        "start of the program included, by the length of all test music; memory: the peak of a "
        "job, main memory only."
    )
