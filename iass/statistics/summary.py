"""Summaries of the score table: frames to tracks, seeds to one, tracks to a median.

museval's convention (METHOD section 4): the median over frames, undefined frames ignored, then the
median over tracks. Two functions choose what becomes of several training seeds:
`summarise_per_seed` keeps them apart; `summarise_over_seeds` first takes, for each track, the mean
over seeds of the track's medians, so that more seeds do not pretend to be more tracks. The printed
tables and figures use the latter. All values are in dB; an infinite one (a perfect frame) counts as
undefined, as in museval's JSON.
"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from iass.scoring.table import ERRATUM, TAIL, TRAINED_ON
from iass.statistics.intervals import median_interval

GROUP = ["experiment", "dataset", "method", "target", "metric"]
LOWER, UPPER = 0.25, 0.75  # quantiles over tracks that mark the spread


def compute_track_medians(scores: pd.DataFrame) -> pd.DataFrame:
    """Return one row per GROUP, seed and track of a score table.

    Columns: value (dB, median over frames, NaN where no frame is defined), frames_used, frames,
    reason (why the value is NaN, else empty), trained_on (whether the method learned from the
    track) and erratum (whether the track has a known fault). A row for a whole song or for what is
    left behind the last frame counts as no frame.
    Give the rows of one mask, lest frames count twice.
    """
    is_frame = scores["frame_s"].notna() & (scores["reason"] != TAIL)
    is_defined = np.isfinite(scores["value"])
    rows = scores.assign(
        value=scores["value"].where(is_defined),
        frames=is_frame,
        frames_used=is_frame & is_defined,
        trained_on=scores["flags"].str.split().map(lambda flags: TRAINED_ON in flags).astype(bool),
        erratum=scores["flags"].str.contains(ERRATUM, regex=False).astype(bool),
        reason=scores["reason"].where(scores["reason"] != ""),
    )
    medians = rows.groupby([*GROUP, "seed", "track"], dropna=False).agg(
        value=("value", "median"),
        frames_used=("frames_used", "sum"),
        frames=("frames", "sum"),
        reason=("reason", "first"),
        trained_on=("trained_on", "any"),
        erratum=("erratum", "any"),
    )
    return _clean_reasons(medians.reset_index())


def average_seeds(medians: pd.DataFrame) -> pd.DataFrame:
    """Return one row per GROUP and track: the mean over seeds of the track medians.

    Seeds without a value are left out of a track's mean; frames are added up, and `seeds` counts
    the trainings (1 for methods without training).
    """
    means = medians.groupby([*GROUP, "track"]).agg(
        value=("value", "mean"),
        frames_used=("frames_used", "sum"),
        frames=("frames", "sum"),
        reason=("reason", "max"),
        trained_on=("trained_on", "any"),
        erratum=("erratum", "any"),
        seeds=("value", "size"),
    )
    return _clean_reasons(means.reset_index())


def summarise_per_seed(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of a score table with one row per GROUP and seed."""
    return _summarise_tracks(compute_track_medians(scores).assign(seeds=1), [*GROUP, "seed"])


def summarise_over_seeds(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of a score table with one row per GROUP, as `summarise_tracks`."""
    return summarise_tracks(average_seeds(compute_track_medians(scores)))


def summarise_tracks(tracks: pd.DataFrame) -> pd.DataFrame:
    """Return the summary of a track table, as `average_seeds` returns, with one row per GROUP.

    Columns: median, q25, q75 (dB, over tracks), low, high (dB, bounds of the median's 95 %
    interval, NaN where the tracks are too few) and interval_note (why, or how rough it is),
    tracks_scored, tracks_failed (no value at all), tracks_trained_on and tracks_erratum (scored,
    and learned from or with a known fault), frames_used, frames, seeds, reason (of a failed track,
    empty if there is none).
    """
    found = [asdict(median_interval(values)) for _, values in tracks.groupby(GROUP)["value"]]
    intervals = pd.DataFrame(found, columns=["low", "high", "note"])
    columns = {"low": "float64", "high": "float64", "interval_note": "str"}
    return _summarise_tracks(tracks, GROUP).join(
        intervals.rename(columns={"note": "interval_note"}).astype(columns)
    )


def _summarise_tracks(tracks: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    is_scored = tracks["value"].notna()
    summary = tracks.assign(
        is_failed=~is_scored,
        is_heard=is_scored & tracks["trained_on"],
        is_faulty=is_scored & tracks["erratum"],
    ).groupby(keys, dropna=False)
    return summary.agg(
        median=("value", "median"),
        q25=("value", _lower_quantile),
        q75=("value", _upper_quantile),
        tracks_scored=("value", "count"),
        tracks_failed=("is_failed", "sum"),
        tracks_trained_on=("is_heard", "sum"),
        tracks_erratum=("is_faulty", "sum"),
        frames_used=("frames_used", "sum"),
        frames=("frames", "sum"),
        seeds=("seeds", "max"),
        reason=("reason", "max"),
    ).reset_index()


def _clean_reasons(rows: pd.DataFrame) -> pd.DataFrame:
    """Keep a reason only where there is no value."""
    reason = rows["reason"].astype("str").where(rows["value"].isna(), "").fillna("")
    return rows.assign(reason=reason)


def _lower_quantile(values: "pd.Series[Any]") -> float:
    return float(values.quantile(LOWER))


def _upper_quantile(values: "pd.Series[Any]") -> float:
    return float(values.quantile(UPPER))
