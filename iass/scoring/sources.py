"""Scores to compare, in whatever form they lie: our tables, museval's files, folders of those."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from iass.foundation.errors import UserError
from iass.scoring.foreign import find_submissions, tabulate_files
from iass.scoring.table import concatenate, read_scores

UNNAMED = ("imported", "unnamed")  # experiment and data set of museval's files, which name neither
SUBSETS = ("test", "train")  # folders between a method's and its files
UNRANKED = ("coverage", "leakage")  # beside those of activity
KEYS = [
    "experiment", "dataset", "method", "seed", "track", "target", "metric", "mask", "frame_s",
]  # fmt: skip


def read_sources(paths: Sequence[Path]) -> pd.DataFrame:
    """Return one score table of tables (.parquet) and museval's JSON files or folders of them.

    A method of museval's files is named by its folder, METHOD/*.json or METHOD/test/*.json, and a
    track by its file. They belong to the experiment and data set of the tables given with them.
    UserError names what is missing, malformed or given twice, and more than one such experiment.
    """
    tables = read_scores([path for path in paths if path.suffix == ".parquet"])
    files = [file for path in paths if path.suffix != ".parquet" for file in _find_files(path)]
    if not files:
        return _refuse_twice(tables)
    experiment, dataset = _choose_place(tables)
    return _refuse_twice(concatenate([tables, tabulate_files(files, dataset, experiment)]))


def _find_files(path: Path) -> list[tuple[str, Path]]:
    if path.is_dir():
        files = sorted(path.glob("*.json"))
        return [(_name_method(file), file) for file in files] or find_submissions(path)
    if not path.exists():
        raise UserError(f"{path} does not exist; give a table, a score file or a folder of those.")
    if path.suffix != ".json":
        raise UserError(
            f"{path} holds no scores that are known; give our table as .parquet, museval's files "
            "as .json, or a folder of those."
        )
    return [(_name_method(path), path)]


def _name_method(file: Path) -> str:
    folder = file.resolve().parent
    return folder.parent.name if folder.name in SUBSETS else folder.name


def _choose_place(tables: pd.DataFrame) -> tuple[str, str]:
    places = tables[["experiment", "dataset"]].drop_duplicates().to_numpy().tolist()
    if len(places) > 1:
        names = ", ".join(" on ".join(place) for place in places)
        raise UserError(
            f"museval's files could belong to each of: {names}; give tables of one experiment and "
            "data set with them."
        )
    (experiment, dataset), *_ = [*places, UNNAMED]
    return experiment, dataset


def _refuse_twice(scores: pd.DataFrame) -> pd.DataFrame:
    twice = scores[scores.duplicated(KEYS)]
    if len(twice):
        method, track = twice.iloc[0][["method", "track"]]
        raise UserError(
            f"The scores of '{method}' on the track '{track}' are given twice; give every method "
            "once, and rename one of two folders with one name."
        )
    return scores


def select_metric(scores: pd.DataFrame, metric: str, mask: str) -> pd.DataFrame:
    """Return the rows of one metric under one mask.

    UserError if there are none, or if the metric is no level in dB of which more is better.
    """
    rows: pd.DataFrame = scores[(scores["metric"] == metric) & (scores["mask"] == mask)]
    if metric in UNRANKED or metric.startswith("activity_"):
        raise UserError(f"{metric} is a share or better when lower; compare another metric.")
    if rows.empty:
        there = scores[["metric", "mask"]].drop_duplicates().sort_values(["mask", "metric"])
        names = ", ".join(f"{metric} ({mask})" for metric, mask in there.to_numpy())
        raise UserError(
            f"There are no scores of {metric} under the mask {mask}; choose of: {names or 'none'}."
        )
    return rows
