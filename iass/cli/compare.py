"""The command that compares methods by their scores."""

from pathlib import Path
from typing import Annotated

import typer


def compare(
    scores: Annotated[
        list[Path],
        typer.Argument(
            metavar="SCORES...",
            help="Our tables *.parquet; museval's *.json or folders of them, METHOD/*.json or "
            "METHOD/test/*.json.",
        ),
    ],
    baseline: Annotated[str, typer.Option(help="Method that the others are compared with.")],
    metric: Annotated[str, typer.Option(help="One metric of the scores.")] = "SDR",
    mask: Annotated[
        str, typer.Option(help="Which frames count: museval, target, or none for whole songs.")
    ] = "museval",
    output: Annotated[
        Path | None, typer.Option("-o", "--output", help="File .csv for all numbers.")
    ] = None,
) -> None:
    """Compare methods with a baseline, track by track: difference, how sure, wins and losses.

    Example: iass compare results/scores.parquet --baseline open_unmix
    """
    from shutil import get_terminal_size

    from iass.foundation.errors import UserError
    from iass.foundation.files import write_text
    from iass.reporting.tables.comparison import format_comparison, tabulate_comparison
    from iass.scoring.sources import read_sources, select_metric
    from iass.statistics.summary import average_seeds, compute_track_medians

    if output and output.suffix != ".csv":
        raise UserError(f"{output} does not end in .csv; name the file for the numbers so.")
    chosen = select_metric(read_sources(scores), metric, mask)
    if chosen["method"].nunique() < 2:
        raise UserError(
            f"All scores are of '{chosen['method'].iloc[0]}'; give another method's too."
        )
    table = tabulate_comparison(average_seeds(compute_track_medians(chosen)), baseline)
    typer.echo(format_comparison(table, get_terminal_size((100, 24)).columns))
    if output:
        write_text(output, table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))
        typer.echo(f"Numbers: {output}")
