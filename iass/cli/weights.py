"""The command that gets published weights."""

from pathlib import Path
from typing import Annotated

import typer
import yaml

from iass.foundation.config import MethodEntry, load_config


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
    from iass.preparation import fetch_weights as download
    from iass.preparation.catalogue import choose_places
    from iass.preparation.weights import locate_weights

    method = load_pretrained(name, _find_entry(name, option or [], configfile))
    places = choose_places(configfile, data_dir, checksums, mirror)
    download.fetch_weights(method, places.data_dir, places.checksums, places.mirror)
    for file in locate_weights(method, places.data_dir).values():
        typer.echo(file)
    typer.echo(f"{method.licence}\n{method.citation}")


def _find_entry(name: str, options: list[str], configfile: Path | None) -> MethodEntry:
    """Return the config's entry, or one of the file itself. UserError names what is wrong."""
    from iass.foundation.errors import UserError
    from iass.plan.declared import check_plugin

    if configfile is not None:
        methods = load_config(configfile).methods
        if name not in methods:
            raise UserError(f"{configfile} has no method '{name}'; it has {', '.join(methods)}.")
        return methods[name]
    parsed = {key: yaml.safe_load(value) for key, _, value in (o.partition("=") for o in options)}
    check_plugin(name, f"baselines.{name}", "Method", parsed)
    return MethodEntry(kind="pretrained", module=name, options=parsed)
