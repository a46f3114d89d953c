"""Pieces that every figure shares."""

import textwrap

from matplotlib.figure import Figure

from iass.reporting.style import DARK, WIDTH_IN

_FOOTNOTE_COLUMNS = 145  # characters that fit into the width of a figure
_FOOTNOTE_SIZE = 6.5  # points


def draw_message(message: str) -> Figure:
    """Return a figure that says `message` and nothing else."""
    figure = Figure(figsize=(WIDTH_IN, 1.2), layout="constrained")
    figure.text(0.5, 0.5, message, ha="center", va="center", color=DARK)
    return figure


def write_footnote(figure: Figure, text: str) -> None:
    """Write below the figure what was drawn, so that the image can stand alone."""
    lines = textwrap.fill(text, _FOOTNOTE_COLUMNS)
    figure.supxlabel(lines, x=0.02, ha="left", fontsize=_FOOTNOTE_SIZE, color=DARK)
