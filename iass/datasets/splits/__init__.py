"""Splits that we publish, one CSV each: track, data set, split; make_split.py wrote them.

mm                       artist-disjoint and stratified by instrument, for all of mm
authors_acoustic_guitar  the 23 songs that the paper's authors tested acoustic guitar on; the
                         songs to train and validate on are mm's, so one model serves both
"""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from iass.foundation.card import Split
from iass.foundation.errors import UserError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Assignment:
    """One track of a split; `dataset` is the name of the card that it comes from."""

    track: str
    dataset: str
    split: Split


def read_split(name: str) -> tuple[Assignment, ...]:
    """Return the tracks of a published split, sorted. UserError names those that there are."""
    path = _FOLDER / f"{name}.csv"
    if not path.is_file():
        known = ", ".join(sorted(item.stem for item in _FOLDER.glob("*.csv")))
        raise UserError(f"there is no split '{name}'; the published ones are: {known}.")
    with path.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return tuple(
        Assignment(row["track"], row["dataset"], cast(Split, row["split"])) for row in rows
    )
