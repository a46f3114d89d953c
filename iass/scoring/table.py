"""The tidy score table: one row per method, seed, track, target, metric, mask and frame.

The only input of every score figure and table (DESIGN, Contracts). Values are in dB, save for
coverage and the metrics of activity: shares from 0 to 1. A track or target that cannot be scored
at all has one row per metric and mask with `frame_s` and `value` NaN and the reason in words.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pandas as pd

from iass.foundation.errors import UserError
from iass.foundation.files import replace_file

DTYPES: dict[str, Any] = {
    "experiment": "str",
    "dataset": "str",
    "method": "str",
    "seed": "Int64",  # missing for methods without training
    "track": "str",
    "target": "str",
    "metric": "str",  # docs/METRICS.md lists them
    "mask": "str",  # by which rule frames are left out: museval, target or none
    "protocol": "str",  # joint or per_target
    "frame_s": "float64",  # start of the frame, s; NaN = whole song
    "value": "float64",  # dB or share; NaN where undefined, inf for a perfect frame
    "reason": "str",  # why the value is undefined; empty where it is defined
    "flags": "str",  # of the track, with blanks between: known faults, and TRAINED_ON
    "run_id": "str",
}
COLUMNS = list(DTYPES)
METRICS = ("SDR", "ISR", "SIR", "SAR")
TRAINED_ON = "trained_on"  # flag of a song that the method has learned from
ERRATUM = "erratum:"  # begins the flag of a song with a known fault
TAIL = "behind the last whole frame: left out, as museval does"  # reason of a song's last part
NULLABLE = ("seed", "frame_s", "value")
ORDER = [
    "experiment",
    "dataset",
    "method",
    "seed",
    "track",
    "target",
    "metric",
    "mask",
    "protocol",
    "frame_s",
    "run_id",
]
"""Rows of a written table are sorted by these columns, missing values first."""


@dataclass(frozen=True)
class Score:
    """One value of one metric of one target in a track; the columns above explain the fields."""

    target: str
    metric: str
    mask: str
    frame_s: float
    value: float
    reason: str


def tabulate_scores(scores: Sequence[Score], **columns: str | int | None) -> pd.DataFrame:
    """Return the rows of a track's scores; `columns` are the table's others, alike in every row."""
    rows = pd.DataFrame([vars(score) for score in scores], columns=[f.name for f in fields(Score)])
    return check_scores(rows.assign(**columns), "the scores of a track")


def empty_scores() -> pd.DataFrame:
    """Return a score table without rows."""
    return check_scores(pd.DataFrame(columns=COLUMNS), "the empty table")


def check_scores(table: pd.DataFrame, where: str) -> pd.DataFrame:
    """Return `table` with the columns of COLUMNS, in that order, and their dtypes.

    UserError names `where` and the column that is missing, unknown, of a wrong type or has gaps.
    """
    for column in [*COLUMNS, *table.columns]:
        if column not in table.columns:
            raise UserError(f"{where} has no column '{column}'; score again.")
        if column not in DTYPES:
            raise UserError(f"{where} has the unknown column '{column}'; remove it or score again.")
    checked = {column: _convert(table[column], where) for column in COLUMNS}
    return pd.DataFrame(checked).reset_index(drop=True)


def concatenate(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the rows of several score tables, one after the other; none gives the empty table."""
    filled = [table for table in tables if len(table)]
    return pd.concat(filled, ignore_index=True) if filled else empty_scores()


def read_scores(paths: Path | Iterable[Path]) -> pd.DataFrame:
    """Read one Parquet file, or several as one table. UserError names the file at fault."""
    several = [paths] if isinstance(paths, Path) else paths
    return concatenate([_read_one(path) for path in several])


def write_scores(path: Path, table: pd.DataFrame) -> None:
    """Write a score table as Parquet, sorted by ORDER: the same rows give the same bytes."""
    rows = _sort(check_scores(table, f"The table for {path}"))
    with replace_file(path) as temporary:
        rows.to_parquet(temporary, index=False)


def write_scores_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a score table as CSV, sorted by ORDER; missing values are empty fields."""
    rows = _sort(check_scores(table, f"The table for {path}"))
    with replace_file(path) as temporary:
        rows.to_csv(temporary, index=False, lineterminator="\n")


def _convert(values: "pd.Series[Any]", where: str) -> "pd.Series[Any]":
    column = str(values.name)
    try:
        converted: pd.Series[Any] = values.astype(DTYPES[column])
    except (ValueError, TypeError):
        wanted = DTYPES[column]
        raise UserError(f"{where}: column '{column}' is not {wanted}; score again.") from None
    if column not in NULLABLE and converted.isna().any():
        raise UserError(f"{where}: column '{column}' has missing values; score again.")
    return converted


def _sort(table: pd.DataFrame) -> pd.DataFrame:
    return table.sort_values(ORDER, na_position="first", kind="stable", ignore_index=True)


def _read_one(path: Path) -> pd.DataFrame:
    try:
        table = pd.read_parquet(path)
    except FileNotFoundError:
        raise UserError(f"{path} does not exist; run the scoring step first.") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} is not a score table ({error}); score again.") from None
    return check_scores(table, str(path))
