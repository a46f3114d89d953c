"""Predicted activity beside its reference, frame by frame: what activity figures are drawn from."""

from collections.abc import Hashable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iass.reporting.context import Context
from iass.reporting.tracks import tabulate_tracks
from iass.scoring.activity import align_labels

LABEL_RATE_HZ = 44100  # rate of the music whose labels are drawn


def flag_frames(activity: pd.DataFrame, scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the predicted frames of the tracks that the context keeps.

    New columns: trained_on (whether the method learned from the track) and erratum (whether the
    track has a known fault), as the score table has them.
    """
    keys = ["method", "target", "track"]
    return activity.merge(
        tabulate_tracks(scores, context)[[*keys, "trained_on", "erratum"]], on=keys
    )


def tabulate_frames(activity: pd.DataFrame, labels: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the predicted frames of the context's methods and targets, of the lowest seed.

    Columns: those of `activity` with `time_s` (s) for frame_s, and `reference`, 1 where the label
    nearest in time is active, 0 beyond the last one and where a track has none.
    """
    known = activity["method"].isin(context.methods) & activity["target"].isin(context.targets)
    return _add_reference(_keep_lowest_seed(activity[known]), labels)


def _keep_lowest_seed(activity: pd.DataFrame) -> pd.DataFrame:
    seeds = activity["seed"].astype("Int64").fillna(0)
    is_lowest = seeds == seeds.groupby(activity["method"]).transform("min")
    return activity[is_lowest]


def _add_reference(predicted: pd.DataFrame, labels: pd.DataFrame) -> pd.DataFrame:
    keys = ["target", "track"]
    confidences: dict[Hashable, NDArray[Any]] = {
        key: rows["confidence"].to_numpy() for key, rows in labels.groupby(keys)
    }
    times_s = predicted["frame_s"].to_numpy(np.float64)
    reference = np.zeros(len(predicted), int)
    for key, rows in predicted.groupby(keys).indices.items():
        confidence = confidences.get(key, np.zeros(0))
        reference[rows] = align_labels(times_s[rows], confidence, LABEL_RATE_HZ)
    return predicted.rename(columns={"frame_s": "time_s"}).assign(reference=reference)
