"""A few numbers for a person who waits at a terminal."""

from io import StringIO

import numpy as np
import pandas as pd
from rich.console import Console
from rich.table import Table

from iass.scoring.table import METRICS
from iass.statistics.summary import summarise_per_seed


def format_medians(scores: pd.DataFrame) -> str:
    """Return the medians of one method by target as text: dB, over frames, then over tracks.

    museval's metrics and mask; n counts the tracks with a value of the first metric.
    """
    rows = scores[(scores["mask"] == "museval") & scores["metric"].isin(METRICS)]
    if rows.empty:
        return f"No {', '.join(METRICS)} was computed, so there are no medians to print."
    summary = summarise_per_seed(rows)
    metrics = [metric for metric in METRICS if metric in set(rows["metric"])]
    medians = summary.pivot(index="target", columns="metric", values="median")[metrics]
    counts = summary[summary["metric"] == metrics[0]].set_index("target")["tracks_scored"]
    table = medians.map(_format_decibels).assign(n=counts.astype(str)).reset_index()
    return table.to_string(index=False) + "\nMedians in dB over frames, then over n tracks."


def print_table(page: Table, width: int) -> str:
    """Return a table as text of `width` columns, without colours and trailing blanks."""
    text = StringIO()
    Console(file=text, width=width, color_system=None).print(page)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def _format_decibels(value_db: float) -> str:
    return f"{value_db:.2f}" if np.isfinite(value_db) else "-"
