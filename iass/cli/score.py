"""The command that scores WAV files."""

from pathlib import Path
from typing import Annotated

import typer

from iass.cli.names import split_names
from iass.foundation.config import Protocol


def score(
    references: Annotated[
        Path,
        typer.Argument(help="Folder of *.wav, one per target; or tree of such track folders."),
    ],
    estimates: Annotated[Path, typer.Argument(help="The same for the separated targets.")],
    output: Annotated[
        Path,
        typer.Option("-o", "--output", help="File .json, .parquet or .csv; for a tree a folder."),
    ],
    targets: Annotated[
        str, typer.Option(help="Score these only, as: vocals,drums; SIR and SAR are then theirs.")
    ] = "",
    metrics: Annotated[str, typer.Option(help="Compute these only, as: SDR,SI-SDR")] = "",
    protocol: Annotated[
        Protocol, typer.Option(help="All targets together as museval does, or each by itself.")
    ] = "joint",
    window: Annotated[float, typer.Option(help="Length of a frame, s.")] = 1.0,
    hop: Annotated[float, typer.Option(help="Distance of frames, s.")] = 1.0,
    jobs: Annotated[int, typer.Option(min=1, help="Tracks scored at once.")] = 1,
    device: Annotated[str, typer.Option(help="cpu, cuda or cuda:<n>.")] = "cpu",
) -> None:
    """Score separated WAV files by BSSEval v4, with museval's numbers, and by other metrics.

    mixture.wav beside the references is the song's mixture. A tree of track
    folders, with or without subsets such as test, gives museval's folder of
    JSON files and scores.parquet; a killed run goes on where it was.

    Example: iass score references estimates -o scores.json
    """
    from iass.foundation.errors import UserError
    from iass.reporting.terminal import format_medians
    from iass.scoring.evaluator import Options, evaluate_folders
    from iass.scoring.score import METRICS

    options = Options(
        targets=split_names(targets) or None,
        metrics=split_names(metrics) or METRICS,
        protocol=protocol,
        window_s=window,
        hop_s=hop,
        device=device,
        jobs=jobs,
    )
    evaluation = evaluate_folders(references, estimates, output, options)
    typer.echo(format_medians(evaluation.scores))
    typer.echo(f"Scores: {output}")
    if evaluation.failures:
        for failure in evaluation.failures:
            typer.echo(failure, err=True)
        raise UserError(f"{len(evaluation.failures)} track(s) were not scored, for these reasons.")
