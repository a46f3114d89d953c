"""How much of the scatter of scores comes from the tracks and how much from the training seed.

value = mean + track + seed + rest, each random (Searle, Casella, McCulloch 1992, Variance
Components, chapter 4): the mean squares of the two-way table without replication, set equal to
what is expected of them.
"""

from typing import Any

import numpy as np
import pandas as pd

from iass.statistics.signed_rank import Values
from iass.statistics.summary import GROUP

PARTS = ["var_tracks", "var_seeds", "var_rest"]
ONE_SEED = "fewer than 2 training seeds: not split"
ONE_TRACK = "fewer than 2 tracks that all seeds share: not split"


def split_variance(medians: pd.DataFrame) -> pd.DataFrame:
    """Return one row per GROUP with the variance components of its tracks and training seeds.

    `medians` has one value (dB) per GROUP, seed and track, as `compute_track_medians` returns.
    Columns: GROUP, tracks (that all seeds scored), seeds, var_tracks, var_seeds, var_rest (dB
    squared; NaN where they cannot be told apart) and note, which says why. An estimate below 0
    is set to 0, as is usual, and noted.
    """
    rows = [
        dict(zip(GROUP, key, strict=True)) | _split_group(rows)
        for key, rows in medians.groupby(GROUP)
    ]
    return pd.DataFrame(rows, columns=[*GROUP, "tracks", "seeds", *PARTS, "note"])


def _split_group(rows: pd.DataFrame) -> dict[str, Any]:
    finite = rows[np.isfinite(rows["value"])]
    table = finite.pivot_table(index="track", columns="seed", values="value").dropna()
    tracks, seeds = table.shape
    if seeds < 2 or tracks < 2:
        parts, note = np.full(len(PARTS), np.nan), ONE_SEED if seeds < 2 else ONE_TRACK
    else:
        parts = split_table(table.to_numpy(dtype=float))
        negative = [name for name, part in zip(PARTS, parts, strict=True) if part < 0]
        note = f"{', '.join(negative)} estimated below 0, set to 0" if negative else ""
    found = dict(zip(PARTS, np.where(parts < 0, 0, parts).tolist(), strict=True))
    return found | {"tracks": tracks, "seeds": seeds, "note": note}


def split_table(values: Values) -> Values:
    """Return the variances of tracks, seeds and rest of a table (tracks, seeds), unclipped."""
    tracks, seeds = values.shape
    by_track, by_seed = values.mean(axis=1), values.mean(axis=0)
    rest = values - by_track[:, None] - by_seed + values.mean()
    square_rest = (rest**2).sum() / ((tracks - 1) * (seeds - 1))
    square_tracks = seeds * by_track.var(ddof=1)
    square_seeds = tracks * by_seed.var(ddof=1)
    return np.array(
        [
            (square_tracks - square_rest) / seeds,
            (square_seeds - square_rest) / tracks,
            square_rest,
        ]
    )
