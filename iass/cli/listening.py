"""The steps of the workflow that make the listening page."""

from pathlib import Path
from typing import Annotated

import typer

from iass.cli.steps import CHANNELS, Count, File, Json, Seed, Targets, Text, parse_seed

app = typer.Typer()


@app.command()
def references(
    experiment: str,
    manifest: File,
    labels: File,
    targets: Targets,
    channels: Text,
    wish: Json,
    quality: Count,
    output: File,
) -> None:
    """Choose what the listening page plays of a data set; cut mixtures and references."""
    from iass.reporting.listen.choose import Wish
    from iass.reporting.listen.references import ReferenceJob, cut_references

    job = ReferenceJob(
        experiment=experiment,
        manifest=manifest,
        labels=labels,
        targets=targets.split(","),
        channels=CHANNELS.validate_python(channels),
        wish=Wish.model_validate_json(wish),
        quality=quality,
    )
    cut_references(job, output)


@app.command()
def excerpts(
    method: str,
    seed: Seed,
    references: File,
    estimates: File,
    activity: File,
    targets: Targets,
    quality: Count,
    output: File,
) -> None:
    """Cut what a method made of the excerpts that the listening page plays."""
    from iass.reporting.listen.estimates import ExcerptJob, cut_estimates

    job = ExcerptJob(
        method=method,
        seed=parse_seed(seed),
        references=references,
        estimates=estimates,
        activity=activity,
        targets=targets.split(","),
        quality=quality,
    )
    cut_estimates(job, output)


@app.command()
def listen(
    scores: Path,
    wish: Json,
    output: File,
    excerpts: Annotated[list[Path] | None, typer.Argument(help="Folders of both steps.")] = None,
) -> None:
    """Write the listening page from excerpts and scores."""
    from iass.reporting.listen.run import PageWish, write_listening_page

    write_listening_page(PageWish.model_validate_json(wish), excerpts or [], scores, output)
