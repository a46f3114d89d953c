"""The command that puts a finished run into one file."""

from pathlib import Path
from typing import Annotated

import typer


def archive(
    output: Annotated[Path, typer.Option("-o", "--output", help="File .zip to write.")],
    weights: Annotated[bool, typer.Option("--weights", help="With the trained models.")] = False,
    listen: Annotated[bool, typer.Option("--listen", help="With the listening page.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it exists.")] = False,
) -> None:
    """Put a finished run into one zip that a paper can cite.

    Tables, figures, claims, report, scores, manifests, models' cards, provenance,
    versions and the config that made them, with SHA256SUMS over all of it. No audio
    and no weights unless asked for. The same files give the same bytes.

    Example: iass archive -o iass-bench.zip
    """
    from iass.foundation.files import hash_file
    from iass.reporting.archive import ArchiveWish, archive_run

    names = archive_run(ArchiveWish(weights, listen), output, force=force)
    megabytes = output.stat().st_size / 1e6
    typer.echo(f"{output}: {len(names)} files, {megabytes:.1f} MB, sha256 {hash_file(output)}")
    if "reports/report.html" not in names:
        typer.echo("Without reports/report.html, which is not there.")
