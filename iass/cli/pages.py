"""Steps that write pages over several experiments: claims, published numbers, runs."""

from pathlib import Path

import typer

from iass.cli.steps import File, Json

app = typer.Typer()


@app.command()
def claims(scores: Path, job: Json, output: File) -> None:
    """Check the paper's claims on every experiment and data set: CSV and Markdown."""
    from iass.reporting.claims.check import write_claims
    from iass.reporting.job import parse_job

    write_claims(scores, parse_job(job), output.with_suffix(""))


@app.command()
def published(published: list[Path], scores: File, job: Json, output: File) -> None:
    """Set published numbers beside ours: CSV, Markdown and LaTeX."""
    from iass.reporting.job import parse_job
    from iass.reporting.tables.published import write_published

    write_published(published, scores, parse_job(job), output.with_suffix(""))


@app.command()
def provenance(scores: Path, output: File) -> None:
    """List the runs that the scores rest on: CSV and Markdown."""
    from iass.reporting.tables.provenance import write_provenance

    write_provenance(scores, Path("results/provenance"), output.with_suffix(""))
