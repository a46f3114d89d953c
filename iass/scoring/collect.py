"""The step `collect`: many score tables become one."""

from collections.abc import Sequence
from pathlib import Path

from iass.scoring.table import read_scores, write_scores, write_scores_csv


def collect_scores(shards: Sequence[Path], output: Path, csv: Path | None = None) -> None:
    """Join score tables into one Parquet file and, if asked for, the same rows as CSV."""
    table = read_scores(shards)
    write_scores(output, table)
    if csv:
        write_scores_csv(csv, table)
