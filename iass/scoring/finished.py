"""Finished tracks, kept by the hash of all that their scores depend on.

A killed or extended run computes only what is missing, and two runs at once write the same bytes.
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from iass.foundation.errors import UserError
from iass.scoring.table import read_scores, write_scores


def keep_finished(folder: Path, key: str, compute: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Return the kept rows of `key`, computed and kept first where there are none to be read."""
    kept = folder / f"{key}.parquet"
    try:
        return read_scores(kept)
    except UserError:  # not there, or cut short by a power failure
        write_scores(kept, compute())
    return read_scores(kept)
