"""Saving a figure as PDF, SVG and PNG with its data as CSV beside it, the same bytes every time."""

from pathlib import Path

import matplotlib as mpl
import pandas as pd
from matplotlib.figure import Figure

from iass.foundation.files import replace_file
from iass.reporting.style import PRINT_STYLE

PNG_DPI = 200  # dots per inch
_WITHOUT_DATE: dict[str, dict[str, str | None]] = {
    "pdf": {"CreationDate": None},
    "svg": {"Date": None},
    "png": {},
}


def save_figure(figure: Figure, data: pd.DataFrame, stem: Path) -> None:
    """Write `stem`.pdf (TrueType fonts), .svg, .png and .csv, each atomically.

    Files hold no date; SVG ids are salted by a constant. All have the one layout that is worked out
    at first, half of the work of drawing.
    """
    with mpl.rc_context(PRINT_STYLE):
        figure.draw_without_rendering()
    figure.set_layout_engine(None)
    for suffix, metadata in _WITHOUT_DATE.items():
        path = stem.with_name(f"{stem.name}.{suffix}")
        with replace_file(path) as temporary, mpl.rc_context(PRINT_STYLE):
            figure.savefig(temporary, format=suffix, dpi=PNG_DPI, metadata=metadata)
    with replace_file(stem.with_name(f"{stem.name}.csv")) as temporary:
        data.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
