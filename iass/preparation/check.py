"""The layout doctor: what a data set's files are like, before hours are spent on them."""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from iass.foundation.card import Card, PublishedSong, Tools, TrackFiles
from iass.foundation.errors import UserError
from iass.preparation.inspection import Finding, inspect_track


def check_dataset(
    name: str, card: Card, tools: Tools, copy: Path | None
) -> tuple[list[Finding], int]:
    """Return what is odd about a data set's tracks, and how many there are.

    A published song that is not among the tracks is a warning. `copy` is looked at in place of what
    was fetched. UserError if there is no track, or naming those that preparation refuses.
    """
    if copy is not None:
        _use_copy(name, card, copy)
    tracks = card.prepare(tools)
    found = tools.run_parallel(inspect_track, tracks, f"{name}: check")
    findings = [finding for findings in found for finding in findings]
    return [*findings, *_list_missing(card.list_songs(), tracks)], len(tracks)


def _list_missing(
    published: Iterable[PublishedSong], tracks: Iterable[TrackFiles]
) -> Iterator[Finding]:
    here = {track.id for track in tracks}
    for song in published:
        if song.id not in here:  # lost, or dropped by an option, e.g. on bleed: only the card knows
            sentence = "published, but not found here: get it, unless an option of the set drops it"
            yield Finding(song.id, "missing", "warning", sentence)


def _use_copy(name: str, card: Card, copy: Path) -> None:
    if not card.local_variable:
        raise UserError(f"{name} is used from where it was fetched only; leave the folder out.")
    os.environ[card.local_variable] = str(copy)
