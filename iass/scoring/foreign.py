"""Scores that others computed with museval, as rows of our score table."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from iass.foundation.errors import UserError
from iass.foundation.files import hash_file
from iass.foundation.progress import show_progress
from iass.scoring.museval_json import read_museval_json
from iass.scoring.table import check_scores, concatenate


def import_submissions(folder: Path, dataset: str, experiment: str = "imported") -> pd.DataFrame:
    """Return the score table of `folder`, with one method per METHOD/test/**/*.json.

    That is the layout of SiSEC 2018's submissions. `folder` may also be one METHOD; a method and
    a track are named by folder and file. `run_id` is the start of the file's sha256. UserError
    names a missing folder, one without tracks, a track that occurs twice and a malformed file.
    """
    return tabulate_files(find_submissions(folder), dataset, experiment)


def find_submissions(folder: Path) -> list[tuple[str, Path]]:
    """Return method and file of every track in `folder`; layout and UserError as above."""
    return [
        (method.name, path) for method in _find_methods(folder) for path in _find_tracks(method)
    ]


def tabulate_files(
    files: Sequence[tuple[str, Path]], dataset: str, experiment: str
) -> pd.DataFrame:
    """Return the score table of museval's files, each of a method and of the track of its name."""
    tables = [
        read_museval_json(path).assign(method=method, track=path.stem, run_id=hash_file(path)[:16])
        for method, path in show_progress(files, "import", len(files))
    ]
    rows = concatenate(tables).assign(
        experiment=experiment,
        dataset=dataset,
        seed=None,
        mask="museval",
        protocol="joint",
        flags="",
    )
    return check_scores(rows, "the scores of museval's files")


def _find_methods(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise UserError(f"{folder} is not a folder; give the one that holds METHOD/test/*.json.")
    folder = folder.resolve()  # the method in "." has a name, too
    if (folder / "test").is_dir():
        return [folder]
    methods = sorted(path.parent for path in folder.glob("*/test") if path.is_dir())
    if not methods:
        raise UserError(
            f"Found 0 tracks because {folder} holds neither test/**/*.json nor "
            "METHOD/test/**/*.json; give a folder of that layout."
        )
    return methods


def _find_tracks(method: Path) -> list[Path]:
    paths: dict[str, Path] = {}
    for path in sorted((method / "test").rglob("*.json")):
        if path.stem in paths:
            raise UserError(
                f"{paths[path.stem]} and {path} are the same track of one method; remove one."
            )
        paths[path.stem] = path
    if not paths:
        raise UserError(
            f"Found 0 tracks because {method / 'test'} holds no file *.json; add them or remove "
            "the folder."
        )
    return list(paths.values())
