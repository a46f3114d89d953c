"""The entry point: subcommands, and errors as one sentence on stderr."""

import sys

import typer

from iass.cli import (
    archive,
    compare,
    data,
    foreign,
    listening,
    pages,
    people,
    score,
    separate,
    steps,
    weights,
)
from iass.foundation.errors import UserError
from iass.foundation.memory import explain_shortage

app = typer.Typer(
    name="iass",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="A reproducible benchmark of music source separation.\n\n"
    "Example: iass synth -o songs --songs 3 --seconds 20 --seed 1",
)
steps.app.add_typer(pages.app)
steps.app.add_typer(listening.app)
app.add_typer(steps.app, name="step")
app.add_typer(data.app, name="data")
app.command("weights")(weights.fetch_weights)
app.command("synth")(people.synthesise)
app.command("summary")(people.summarise)
app.command("separate")(separate.separate)
app.command("score")(score.score)
app.command("compare")(compare.compare)
app.command("archive")(archive.archive)
app.command("import-museval")(foreign.import_museval)
app.command("config")(people.describe_config)
app.command("schemas")(people.write_schemas)


def main() -> None:
    """Run the command line; a UserError becomes one sentence and exit code 1."""
    advice = "name fewer targets or processes at a time, or take a machine with more"
    try:
        with explain_shortage("The command", advice):
            app()
    except UserError as error:
        print(f"iass: {error}", file=sys.stderr)
        sys.exit(1)
    except OSError as error:
        print(f"iass: {error.filename or 'a file'}: {error.strerror or error}.", file=sys.stderr)
        sys.exit(1)
