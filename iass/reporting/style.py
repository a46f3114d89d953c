"""How methods and targets are named and coloured, and matplotlib settings fit for print.

Nothing is registered: a method takes the next colour of its role by its place in the config.
"""

from typing import Any

from iass.reporting.context import Context

LABELS = {"iass": "IASS", "ibm": "IBM", "open_unmix": "Open-Unmix"}
"""Spellings that cannot be derived from a name; any other name loses its underscores."""

SYSTEM_COLOURS = (
    "#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc",
    "#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9",
)  # fmt: skip
"""seaborn's palette "colorblind", told apart with any colour vision; importing it takes 1.4 s."""

NEUTRAL_COLOURS = ("#8C8C8C", "#C4C4C4", "#6E6E6E", "#DADADA")
NEUTRAL_HATCHES = {"bound": "", "oracle": "//////"}
DARK = "#333333"
WIDTH_IN = 7.0  # inches; full text width of a two-column paper
COLUMN_IN = 3.4  # inches; width of one of its columns

PRINT_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",  # ships with matplotlib, so every machine draws the same
    "font.size": 7.5,
    "axes.titlesize": 8,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": DARK,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "hatch.linewidth": 0.5,
    "text.parse_math": False,  # a song may be called "$4 a pint, $5 a glass"
    "pdf.fonttype": 42,  # TrueType; Type 3 is refused by many publishers
    "svg.fonttype": "path",
    "svg.hashsalt": "iass",  # else element ids are random
}


def label_name(name: str) -> str:
    """Return how a method or target is written in tables and figures."""
    return LABELS.get(name, name.replace("_", " "))


def colour_methods(context: Context) -> dict[str, str]:
    """Return a colour per method: hues for systems, greys for bounds and oracles."""
    systems = context.systems
    marks = [method for method in context.methods if method not in systems]
    return _take_colours(systems, SYSTEM_COLOURS) | _take_colours(marks, NEUTRAL_COLOURS)


def hatch_methods(context: Context) -> dict[str, str]:
    """Return a hatch per method; oracles are hatched, all others are plain."""
    return {method: NEUTRAL_HATCHES.get(context.kinds[method], "") for method in context.methods}


def _take_colours(methods: list[str], colours: tuple[str, ...]) -> dict[str, str]:
    return {method: colours[index % len(colours)] for index, method in enumerate(methods)}
