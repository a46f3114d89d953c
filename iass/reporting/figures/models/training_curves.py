"""Learning curves: training and validation loss per target and method, the best step marked."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from iass.reporting.cards import ModelCard
from iass.reporting.context import Context
from iass.reporting.figures.parts import draw_legend, draw_message, number_decades, write_footnote
from iass.reporting.style import DARK, WIDTH_IN, colour_methods, label_name

COLUMNS = ["method", "target", "seed", "step", "training_loss", "validation_loss", "is_best"]
MOST_COLUMNS = 4
PANEL_IN = 1.25  # inches; height of a panel
_DESCRIPTION = (
    "Loss by optimiser step; training: mean since the last point, with the activity loss where the "
    "method has one; validation: whole songs; dot: the weights that were kept. Scales differ "
    "between panels."
)


def tabulate(cards: Sequence[ModelCard], context: Context) -> pd.DataFrame:
    """Return one row per model and point of its curve; losses NaN where none was computed.

    `is_best` marks the point at or next after the step whose weights were kept.
    """
    wanted = [card for card in cards if card.method in context.methods]
    rows = [row for card in wanted for row in _list_points(card)]
    return pd.DataFrame(rows, columns=COLUMNS).astype(
        {"training_loss": "float64", "validation_loss": "float64"}
    )


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`, one panel per method and target, loss on a log scale."""
    panels = _list_panels(data, context)
    if not panels:
        return draw_message(f"{context.experiment}: nothing trained")
    grid = _arrange_panels(panels)
    shape = (len(grid), len(grid[0]))
    figure = Figure(figsize=(WIDTH_IN, PANEL_IN * shape[0] + 0.2), layout="constrained")
    axes = figure.subplots(*shape, squeeze=False)
    for row, names in zip(axes, grid, strict=True):
        for place, name in zip(row, names, strict=True):
            _draw_panel(place, name, data, context)
    figure.supylabel("loss", fontsize=7.5)
    _draw_legend(figure)
    write_footnote(figure, context, _DESCRIPTION)
    return figure


Panel = tuple[str, str]
"""Method and target."""


def _list_points(card: ModelCard) -> list[dict[str, object]]:
    steps = [point.step for point in card.curve]
    best = next((step for step in steps if step >= card.best_step), None)
    return [
        {
            "method": card.method,
            "target": card.target,
            "seed": card.seed,
            "step": point.step,
            "training_loss": point.training_loss,
            "validation_loss": point.validation_loss,
            "is_best": point.step == best,
        }
        for point in card.curve
    ]


def _list_panels(data: pd.DataFrame, context: Context) -> list[list[Panel]]:
    """Return the panels of each trained method, targets in the context's order."""
    known = set(zip(data["method"], data["target"], strict=True))
    panels = [
        [(method, target) for target in context.targets if (method, target) in known]
        for method in context.methods
    ]
    return [row for row in panels if row]


def _arrange_panels(panels: list[list[Panel]]) -> list[list[Panel | None]]:
    """Break each method's panels into equally long rows, filled up by None."""
    most = max(len(row) for row in panels)
    columns = -(-most // -(-most // MOST_COLUMNS))
    return [
        [*row[start : start + columns], *[None] * (start + columns - len(row))]
        for row in panels
        for start in range(0, len(row), columns)
    ]


def _draw_panel(axes: Axes, panel: Panel | None, data: pd.DataFrame, context: Context) -> None:
    if panel is None:
        axes.set_axis_off()
        return
    method, target = panel
    colour = colour_methods(context)[method]
    rows = data[(data["method"] == method) & (data["target"] == target)]
    for _, curve in rows.groupby("seed"):
        _draw_curve(axes, curve, colour)
    losses = rows[["training_loss", "validation_loss"]].to_numpy(np.float64)
    if (losses > 0).any():
        axes.set_yscale("log")
        number_decades(axes.yaxis)
    title = f"{label_name(method)}: {label_name(target)}"
    axes.set_title(title, fontsize=6.5, loc="left", color=DARK, pad=3)
    axes.tick_params(labelsize=6)


def _draw_curve(axes: Axes, curve: pd.DataFrame, colour: str) -> None:
    axes.plot(curve["step"], curve["training_loss"], color=colour, linewidth=0.7, alpha=0.5)
    validated = curve[curve["validation_loss"].notna()]
    axes.plot(validated["step"], validated["validation_loss"], color=colour, linewidth=1.3)
    best = validated[validated["is_best"]]
    axes.plot(best["step"], best["validation_loss"], "o", color="black", markersize=3.5)


def _draw_legend(figure: Figure) -> None:
    handles = [
        Line2D([], [], color=DARK, linewidth=0.7, alpha=0.5, label="training"),
        Line2D([], [], color=DARK, linewidth=1.3, label="validation"),
        Line2D([], [], color="black", linestyle="", marker="o", markersize=3.5, label="kept"),
    ]
    draw_legend(figure, handles)
