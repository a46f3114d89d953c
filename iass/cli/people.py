"""Commands for people: a synthesised multitrack set, the result table, the config reference."""

from pathlib import Path
from typing import Annotated

import typer


def synthesise(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
    songs: Annotated[int, typer.Option(min=1, help="Number of songs.")] = 3,
    seconds: Annotated[float, typer.Option(min=0.5, help="Length of a song, s.")] = 30.0,
    seed: Annotated[int, typer.Option(min=0, help="Seed of the whole set.")] = 0,
) -> None:
    """Synthesise bands: one MUSDB-like folder of stems per song, with its notes as MIDI.

    Example: iass synth -o songs --songs 3 --seconds 20 --seed 1
    """
    from iass.foundation.progress import show_progress
    from iass.synthesis.plan import plan_songs
    from iass.synthesis.song import render_song, write_song

    plans = plan_songs(seed, {"train": songs}, {"train": seconds})
    for plan in show_progress(plans, "songs", len(plans)):
        write_song(render_song(plan), output / f"{plan.id} - {plan.title}")


def summarise(
    reports: Annotated[Path, typer.Option(help="Folder that the workflow wrote.")] = Path(
        "reports"
    ),
) -> None:
    """Print the result tables of the last run, the claims, and where its report lies.

    Example: iass summary
    """
    from iass.reporting.claims.page import summarise_claims
    from iass.reporting.write import summarise_tables

    typer.echo(summarise_tables(reports / "tables"))
    typer.echo(summarise_claims(reports / "claims.csv"))
    typer.echo(f"Tables and figures: {reports}/tables, {reports}/figures")
    page = (reports / "report.html").resolve()
    missing = "missing; write it with: snakemake --report reports/report.html"
    typer.echo(f"Report, for a browser: {page if page.is_file() else missing}")


def describe_config() -> None:
    """Print every config key with its meaning, unit and source, as Markdown.

    Example: iass config > config/README.md
    """
    from iass.foundation.config_reference import describe_config as describe

    typer.echo(describe(), nl=False)


def write_schemas(
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder to write to.")],
) -> None:
    """Write the JSON schemas of config and manifest, for editors and other programs.

    Example: iass schemas -o workflow/schemas
    """
    from iass.foundation.config import Config
    from iass.foundation.files import write_json
    from iass.preparation.manifest import Manifest

    write_json(output / "config.schema.json", Config.model_json_schema())
    write_json(output / "manifest.schema.json", Manifest.model_json_schema())
