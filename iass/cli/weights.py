"""The command that gets published weights."""

from pathlib import Path
from typing import Annotated

import typer


def fetch_weights(
    name: Annotated[
        str, typer.Argument(help="Method of the config, else a file in baselines/, as umx.")
    ],
    option: Annotated[
        list[str] | None, typer.Option(help="Option of that file, as: release=umxl")
    ] = None,
    mirror: Annotated[
        str | None, typer.Option(help="Address of a copy: files come from <mirror>/<file>.")
    ] = None,
    checksums: Annotated[
        Path | None, typer.Option(help="Lock file of first downloads; commit it.")
    ] = None,
    configfile: Annotated[
        Path | None, typer.Option("--configfile", help="Config with the method and `data_dir`.")
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(envvar="IASS_DATA", help="Folder of all large files; else the config's."),
    ] = None,
) -> None:
    """Download the published weights of a method, verified; print where they are and their terms.

    Example: iass weights umx --option release=umxl
    """
    from iass.foundation.plugins import load_pretrained
    from iass.plan.entry import find_entry
    from iass.preparation import fetch_weights as download
    from iass.preparation.catalogue import choose_places
    from iass.preparation.weights import locate_weights

    method = load_pretrained(name, find_entry(name, option or [], configfile))
    places = choose_places(configfile, data_dir, checksums, mirror)
    download.fetch_weights(method, places.data_dir, places.checksums, places.mirror)
    for file in locate_weights(method, places.data_dir).values():
        typer.echo(file)
    typer.echo(f"{method.licence}\n{method.citation}")
