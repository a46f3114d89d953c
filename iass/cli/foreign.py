"""Commands for the results of others."""

from pathlib import Path
from typing import Annotated

import typer


def import_museval(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Holds METHOD/test/*.json, or is one METHOD.")
    ],
    output: Annotated[
        Path, typer.Option("-o", "--output", help="Score table to write, .parquet or .csv.")
    ],
    dataset: Annotated[str, typer.Option(help="Data set that was scored.")] = "musdb18",
    experiment: Annotated[
        str, typer.Option(help="Experiment to stand in, beside rows of yours of that name.")
    ] = "imported",
) -> None:
    """Read museval's JSON files, such as SiSEC 2018's submissions, into one score table.

    Example: iass import-museval submissions -o sisec18.parquet
    """
    from iass.foundation.errors import UserError
    from iass.scoring.foreign import import_submissions
    from iass.scoring.table import write_scores, write_scores_csv

    writers = {".parquet": write_scores, ".csv": write_scores_csv}
    if output.suffix not in writers:
        raise UserError(f"{output} ends neither in .parquet nor in .csv; choose one of them.")
    scores = import_submissions(folder, dataset, experiment)
    writers[output.suffix](output, scores)
    methods, tracks = scores["method"].nunique(), scores["track"].nunique()
    typer.echo(f"Imported {methods} methods, {tracks} tracks, {len(scores)} rows: {output}")
