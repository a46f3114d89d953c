"""The command that separates a person's song."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from iass.cli.names import split_names

if TYPE_CHECKING:
    from iass.separation.chosen import Chosen
    from iass.separation.file import Separated


def separate(
    song: Annotated[Path, typer.Argument(help="WAV, FLAC, MP3, M4A, Ogg or other audio file.")],
    output: Annotated[Path, typer.Option("-o", "--output", help="Folder for <target>.wav.")],
    targets: Annotated[str, typer.Option(help="Only these, as: vocals,drums")] = "",
    method: Annotated[
        str | None,
        typer.Option(
            help="File in baselines/, as iass or umx, or a variant of --configfile; "
            "default: the newest model's."
        ),
    ] = None,
    option: Annotated[
        list[str] | None, typer.Option(help="Option of published weights, as: release=umxl")
    ] = None,
    model: Annotated[
        Path, typer.Option(help="Folder of trained models, however deep; the newest is used.")
    ] = Path("results/models"),
    activity: Annotated[
        bool, typer.Option("--activity", help="Write when targets play: activity.csv and .png.")
    ] = False,
    configfile: Annotated[
        Path | None,
        typer.Option("--configfile", help="Config that defines the variant (module:, options:)."),
    ] = None,
    data_dir: Annotated[
        Path | None,
        typer.Option(envvar="IASS_DATA", help="Folder of all large files; else the config's."),
    ] = None,
) -> None:
    """Separate a song into one WAV per target, at its own rate and length.

    It may be of any length: memory does not grow with it. A method that learned
    mono separates a stereo song in stereo, and the other way round. A variant that
    a config defines is known by that config only: --method its_name --configfile it.yaml

    Example: iass separate song.mp3 -o stems
    """
    from iass.cli.activity import write_curves
    from iass.preparation.catalogue import choose_places
    from iass.separation.chosen import choose_method
    from iass.separation.file import separate_file

    places = choose_places(configfile, data_dir, None, None)
    chosen = choose_method(
        method, model, split_names(targets), configfile, places.data_dir, option or []
    )
    typer.echo(f"Method: {chosen.name}, {chosen.origin}")
    separated = separate_file(song, output, chosen)
    for sentence in _describe(chosen, separated):
        typer.echo(sentence)
    for file in separated.files.values():
        typer.echo(file)
    if activity and separated.activities:
        for file in write_curves(separated.activities, output / "activity", song.name):
            typer.echo(file)
    elif activity:
        typer.echo(f"{chosen.name} predicts no activity, so that there is no curve of it.")


def _describe(chosen: "Chosen", separated: "Separated") -> list[str]:
    """Return what was done to the song that a person may not expect."""
    song, sentences = separated.song, []
    if song.rate_hz != chosen.rate_hz:
        sentences.append(
            f"Resampled: the song has {song.rate_hz} Hz, the method takes {chosen.rate_hz} Hz."
        )
    if song.channels > song.signal.channels:
        sentences.append(f"Mixed down: the song has {song.channels} channels.")
    layout = "mono" if song.signal.channels == 1 else "stereo"
    if chosen.channels not in (None, layout):
        sentences.append(f"The song is {layout}, the model learned {chosen.channels}.")
    return sentences
