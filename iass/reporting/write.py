"""The step `table`: result tables under reports/tables, and the same for a terminal."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from iass.foundation.errors import UserError
from iass.foundation.files import write_text
from iass.reporting.context import Context, select_mask, select_scores
from iass.reporting.tables.results import format_summary, render_tables, write_result_tables
from iass.scoring.table import read_scores


def write_tables(scores: Path, context: Context, output_stem: Path) -> None:
    """Write the result table of one experiment and data set as .csv, .md and .tex."""
    rows = select_mask(select_scores(read_scores(scores), context))
    write_result_tables(render_tables(rows, context), output_stem)


def summarise_tables(folder: Path, width: int = 100) -> str:
    """Return the result tables <folder>/*_sdr.csv as text for a terminal.

    UserError if there is none.
    """
    paths = sorted(folder.glob("*_sdr.csv"))
    if not paths:
        raise UserError(f"{folder} holds no result table *_sdr.csv; run the workflow first.")
    return "\n".join(format_summary(pd.read_csv(path), width) for path in paths)


def write_skipped(cells: Sequence[Mapping[str, str]], path: Path) -> None:
    """Write the cells that nothing can fill, with the reason, as CSV."""
    columns = ["experiment", "dataset", "method", "target", "reason"]
    write_text(path, pd.DataFrame(cells, columns=columns).to_csv(index=False, lineterminator="\n"))
