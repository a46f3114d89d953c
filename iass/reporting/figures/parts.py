"""Words and limits that every figure shares."""

import textwrap
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FormatStrFormatter, LogLocator, NullLocator
from numpy.typing import NDArray

from iass.reporting.context import (
    FAULTY,
    FAULTY_NOTE,
    HEARD,
    HEARD_NOTE,
    RUNS,
    WITHOUT_ERRATA,
    Context,
)
from iass.reporting.style import DARK, WIDTH_IN, label_name
from iass.statistics.summary import LOWER, UPPER

NOT_RUN, NOT_SCORED = "not run", "not scored"
FAINT = "#777777"
WHISKER = 1.5  # interquartile ranges beyond the box that an axis still shows (Tukey)
LETTER_IN = 0.056  # inches; width of a letter at 6.5 points
_FOOTNOTE_SIZE, _FOOTNOTE_DENSITY = 6.5, 18.8  # points; characters of that size per inch
_LEGEND_SIZE, _HANDLE_IN = 7.0, 0.5  # points; inches that an entry takes besides its label
_LINE_IN, _LEGEND_LINE_IN, _AIR_IN = 0.11, 0.16, 0.1  # inches; heights


def draw_message(message: str) -> Figure:
    """Return a figure that says `message` and nothing else."""
    figure = Figure(figsize=(WIDTH_IN, 1.2), layout="constrained")
    figure.text(0.5, 0.5, message, ha="center", va="center", color=DARK)
    return figure


def draw_nothing(context: Context, reason: str) -> Figure:
    """Return a figure that says of which results there is nothing to draw, and why."""
    return draw_message(f"{context.experiment} on {context.dataset}: {reason}")


def write_footnote(
    figure: Figure, context: Context, text: str, marks: Mapping[str, str] | None = None
) -> None:
    """Write below the figure what was drawn of which music, so that the image can stand alone.

    The marks of the drawn methods are explained. The figure grows by the height of the note.
    """
    seen = "".join((marks or {}).values())
    notes = [note for mark, note in ((HEARD, HEARD_NOTE), (FAULTY, FAULTY_NOTE)) if mark in seen]
    errata = WITHOUT_ERRATA * (context.errata == "drop")
    music = f"Experiment {context.experiment}. {context.data}.{errata}"
    whole = [music, text, *notes, f"Runs: {RUNS}."]
    lines = textwrap.fill(" ".join(whole), int(figure.get_figwidth() * _FOOTNOTE_DENSITY))
    figure.supxlabel(lines, x=0.02, ha="left", fontsize=_FOOTNOTE_SIZE, color=DARK)
    _grow(figure, _LINE_IN * (lines.count("\n") + 1))


def draw_legend(figure: Figure, handles: Sequence[Artist], title: str = "") -> None:
    """Draw a legend above everything, in as many columns as fit; the figure grows by its height."""
    lengths = [len(str(handle.get_label())) for handle in handles]
    columns = _count_columns(lengths, figure.get_figwidth())
    figure.legend(
        handles=handles,
        loc="outside upper center",
        ncols=columns,
        columnspacing=1.2,
        fontsize=_LEGEND_SIZE,
        title=title or None,
        title_fontsize=_LEGEND_SIZE,
    )
    _grow(figure, _LEGEND_LINE_IN * (-(-len(handles) // columns) + bool(title)))


def _count_columns(lengths: Sequence[int], width_in: float) -> int:
    """Return the most columns whose entries, spread as matplotlib does, fit into the width."""
    for columns in range(len(lengths), 1, -1):
        longest = [part.max() for part in np.array_split(lengths, columns)]
        if LETTER_IN * sum(longest) + _HANDLE_IN * columns <= width_in:
            return columns
    return 1


def _grow(figure: Figure, height_in: float) -> None:
    figure.set_figheight(figure.get_figheight() + height_in + _AIR_IN)


def find_marks(tracks: pd.DataFrame) -> dict[str, str]:
    """Return by method the marks of what its values rest on: songs learned from, faulty songs."""
    found = tracks.groupby("method")[["trained_on", "erratum"]].any()
    return {
        str(method): HEARD * bool(heard) + FAULTY * bool(faulty)
        for method, heard, faulty in found.itertuples(name=None)
    }


def write_marks(methods: "pd.Series[str]", marks: Mapping[str, str]) -> "pd.Series[str]":
    """Return the column of marks of a column of methods."""
    return methods.map(lambda method: marks.get(method, ""))


def read_marks(rows: pd.DataFrame) -> dict[str, str]:
    """Return by method the marks that any of its rows has in the column `marks`."""
    return {
        str(method): "".join(mark for mark in (HEARD, FAULTY) if mark in "".join(marks))
        for method, marks in rows.groupby("method")["marks"]
    }


def split_targets(rows: pd.DataFrame, context: Context) -> dict[str, pd.DataFrame]:
    """Return the rows of each target that has any, in the context's order."""
    parts = {target: rows[rows["target"] == target] for target in context.targets}
    return {target: part for target, part in parts.items() if len(part)}


def label_method(method: str, context: Context, marks: Mapping[str, str]) -> str:
    """Return a method's label, with its role where it does not compete, and its marks."""
    role = "" if method in context.systems else f" ({context.kinds[method]})"
    return label_name(method) + role + marks.get(method, "")


def format_n(counts: Iterable[int]) -> str:
    """Return how many tracks there are, as a range where methods differ; 0 are not counted."""
    scored = sorted(set(counts) - {0})
    if not scored:
        return "n = 0"
    return f"n = {scored[0]}" if len(scored) == 1 else f"n = {scored[0]} to {scored[-1]}"


def cut_text(text: str, most: int) -> str:
    """Return `text`, or its start and an ellipsis where it has more than `most` letters."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def format_p(p: float) -> str:
    """Return a p value with two digits, and very small ones as a bound."""
    return "p < 0.001" if p < 0.001 else f"p = {p:.2g}"


def join_notes(notes: "pd.Series[str]") -> str:
    """Return a sentence with all that statistics note, each clause once and without its count."""
    clauses = notes.str.split("; ").explode().str.replace(r": \d+$", "", regex=True)
    said = [clause for clause in clauses.unique() if clause]
    return f" Notes: {'; '.join(said)}." if said else ""


def number_decades(axis: Axis) -> None:
    """Number a logarithmic axis plainly, at 1, 2 and 5 of each decade."""
    axis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axis.set_major_formatter(FormatStrFormatter("%g"))
    axis.set_minor_locator(NullLocator())


def choose_limits(values: Sequence[NDArray[np.float64]]) -> tuple[float, float]:
    """Return an axis that shows 0 and, of each sample, the box with its Tukey whiskers.

    `values` has at least one sample, and none of them is empty. 6 % of air at both ends.
    """
    boxes = [np.quantile(sample, [LOWER, UPPER]) for sample in values]
    reach = [WHISKER * (high - low) for low, high in boxes]
    everything = np.concatenate(values)
    low = max(everything.min(), min(box[0] - more for box, more in zip(boxes, reach, strict=True)))
    high = min(everything.max(), max(box[1] + more for box, more in zip(boxes, reach, strict=True)))
    low, high = min(low, 0.0), max(high, 0.0)
    air = 0.06 * max(high - low, 1.0)
    return float(low - air), float(high + air)
