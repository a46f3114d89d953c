"""The layout doctor: what a data set's files are like, before hours are spent on them."""

import os
from pathlib import Path

from iass.foundation.card import Card, Tools
from iass.foundation.errors import UserError
from iass.preparation.inspection import Finding, inspect_track


def check_dataset(
    name: str, card: Card, tools: Tools, copy: Path | None
) -> tuple[list[Finding], int]:
    """Return what is odd about a data set's tracks, and how many there are.

    `copy` is looked at in place of what was fetched. UserError if there is no track, saying why.
    """
    if copy is not None:
        _use_copy(name, card, copy)
    tracks = card.prepare(tools)
    found = tools.run_parallel(inspect_track, tracks, f"{name}: check")
    return [finding for findings in found for finding in findings], len(tracks)


def _use_copy(name: str, card: Card, copy: Path) -> None:
    if not card.local_variable:
        raise UserError(f"{name} is used from where it was fetched only; leave the folder out.")
    os.environ[card.local_variable] = str(copy)
