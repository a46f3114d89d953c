"""One value per method, target, metric and track: what most figures are drawn from."""

from collections.abc import Sequence

import pandas as pd

from iass.reporting.context import MASK, Context, select_mask, select_scores
from iass.statistics.summary import average_seeds, compute_track_medians


def tabulate_tracks(
    scores: pd.DataFrame, context: Context, metrics: Sequence[str] = ("SDR",), mask: str = MASK
) -> pd.DataFrame:
    """Return the medians over frames of the context's methods, targets and data set, by track.

    Columns as of `average_seeds`, and `kind`, the method's. Values are in dB, or shares.
    """
    tracks = tabulate_experiment(select_scores(scores, context), metrics, mask)
    known = tracks["method"].isin(context.methods) & tracks["target"].isin(context.targets)
    rows = tracks[known].reset_index(drop=True)
    return rows.assign(kind=rows["method"].map(dict(context.kinds)))


def tabulate_experiment(
    scores: pd.DataFrame, metrics: Sequence[str] = ("SDR",), mask: str = MASK
) -> pd.DataFrame:
    """Return the track table of an experiment on all of its data sets, as statistics take it.

    Tests are corrected together over all targets and data sets of an experiment.
    """
    rows = select_mask(scores, mask)
    return average_seeds(compute_track_medians(rows[rows["metric"].isin(metrics)]))
