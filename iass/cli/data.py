"""Commands about data sets: what is in them."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    help="Get data sets, and look into them.\n\nExample: iass data fetch musdb18hq",
)

Name = Annotated[str, typer.Argument(help="Data set, as `iass data list` names it.")]
DataDir = Annotated[
    Path | None,
    typer.Option(envvar="IASS_DATA", help="Folder of all large files; else the config's, or data."),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--configfile", help="Config with the data set's options, `data_dir` and so on."),
]


@app.command("list")
def list_all(configfile: ConfigFile = None, data_dir: DataDir = None) -> None:
    """Print every data set: what it is, its size, what is here of it, access and terms.

    With a config: its data sets, and what its experiments cost in disk, memory and GPU-hours.

    Example: iass data list --configfile config/paper.yaml
    """
    from iass.preparation.catalogue import choose_places, describe_catalogue

    places = choose_places(configfile, data_dir, None, None)
    typer.echo(describe_catalogue(places.data_dir, configfile))


@app.command()
def fetch(
    name: Name,
    accept_licence: Annotated[
        bool, typer.Option(help="You have read the terms that `iass data list` prints.")
    ] = False,
    mirror: Annotated[
        str | None, typer.Option(help="Address of a copy: files come from <mirror>/<file>.")
    ] = None,
    checksums: Annotated[
        Path | None, typer.Option(help="Lock file of first downloads; commit it.")
    ] = None,
    configfile: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Download a data set, verified; after an interruption it goes on where it was.

    Example: iass data fetch musdb18hq --accept-licence
    """
    from iass.preparation.catalogue import choose_places, configure_card
    from iass.preparation.fetch import check_consent
    from iass.preparation.tools import PreparationTools

    card = configure_card(name, configfile)
    places = choose_places(configfile, data_dir, checksums, mirror)
    check_consent(name, card, [*places.accepted, *([name] if accept_licence else [])])
    folder = places.data_dir / name
    card.fetch(PreparationTools(folder, checksums=places.checksums, mirror=places.mirror))
    typer.echo(f"{name} is here: {card.find_local() or places.data_dir / 'archives'}")


@app.command()
def check(
    name: Name,
    copy: Annotated[
        Path | None, typer.Argument(help="Folder of a copy; default: what was fetched.")
    ] = None,
    processes: Annotated[int, typer.Option(min=1, help="Tracks looked at at once.")] = 1,
    configfile: ConfigFile = None,
    data_dir: DataDir = None,
) -> None:
    """Look at every file of a data set: rates, lengths, silence, sums, known defects.

    Exits with 1 if preparation would refuse a track.

    Example: iass data check musdb18hq /data/musdb18hq
    """
    from iass.preparation.catalogue import choose_places, configure_card
    from iass.preparation.check import check_dataset
    from iass.preparation.inspection import format_findings
    from iass.preparation.tools import PreparationTools

    card = configure_card(name, configfile)
    places = choose_places(configfile, data_dir, None, None)
    tools = PreparationTools(places.data_dir / f"{name}-check", processes)
    findings, tracks = check_dataset(name, card, tools, copy)
    typer.echo(format_findings(findings, tracks))
    if any(finding.severity == "error" for finding in findings):
        raise typer.Exit(1)


@app.command()
def overlap(
    train: Annotated[str, typer.Argument(help="Data set to train on.")],
    test: Annotated[str, typer.Argument(help="Data set to score on.")],
    configfile: ConfigFile = None,
) -> None:
    """List the songs of one set's training and validation that another set scores.

    From the published lists, before anything is downloaded; without a list a set has no songs here.

    Example: iass data overlap mm musdb18hq
    """
    from iass.preparation.catalogue import configure_card
    from iass.preparation.overlap import compare_published

    pairs = compare_published(configure_card(train, configfile), configure_card(test, configfile))
    for learned, scored in pairs:
        typer.echo(f"{learned}\t{scored}")
    typer.echo(f"{len(pairs)} song(s) of {test} are also trained on in {train}.", err=True)


@app.command()
def census(
    name: Annotated[str, typer.Argument(help="medleydb, mixing_secrets or mm.")],
    medleydb_metadata: Annotated[
        Path | None, typer.Option(help="Folder of MedleyDB's YAML files.")
    ] = None,
    mixing_secrets_metadata: Annotated[
        Path | None, typer.Option(help="Folder of Mixing Secrets' YAML files.")
    ] = None,
    broad: Annotated[bool, typer.Option(help="Count broad labels too.")] = False,
) -> None:
    """Count the songs of each target, with and without bleed; no audio is needed.

    Exits with 1 if a song's metadata are missing or a label is unknown.

    Example: iass data census medleydb --medleydb-metadata medleydb/data/Metadata
    """
    from iass.datasets.multitracks.census import describe_gaps, format_census, take_census

    result = take_census(name, medleydb_metadata, mixing_secrets_metadata)
    typer.echo(format_census(result, broad))
    gaps = describe_gaps(result)
    for sentence in gaps:
        typer.echo(sentence, err=True)
    if gaps:
        raise typer.Exit(1)
