"""From the free-form instrument labels of both sets to our six targets, by one table.

The table is ours: facts/labels.csv. `strict` labels give the counts that are published with the
sets' metadata; `broad` adds parts of a drum kit, spoken and shouted voices, synthesised bass and
the ad-hoc labels of Mixing Secrets; `none` is any other instrument or a room microphone.
"""

from collections.abc import Iterable
from functools import cache

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.metadata import Song
from iass.foundation.errors import UserError

TARGETS = ("bass", "drums", "vocals", "electric_guitar", "acoustic_guitar", "piano")


def normalise_label(label: str) -> str:
    """Return a label as the table spells it: lower case, single spaces."""
    return " ".join(label.casefold().split())


def find_target(label: str, broad: bool) -> str | None:
    """Return the target that a label counts as, None for another instrument.

    UserError for a label that the table does not hold: nobody has judged it yet.
    """
    row = _read_labels().get(normalise_label(label))
    if row is None:
        raise UserError(
            f"the instrument label '{label}' is unknown; add it with its target and level to "
            "iass/datasets/facts/labels.csv."
        )
    counts = row["level"] == "strict" or (broad and row["level"] == "broad")
    return row["target"] if counts else None


def find_targets(song: Song, broad: bool) -> set[str]:
    """Return the targets that sound in a song by the labels of its stems; unknown ones do not."""
    labels = {label for label in _list_labels(song) if is_known(label)}
    return {target for label in labels if (target := find_target(label, broad)) is not None}


def find_unknown_labels(songs: Iterable[Song]) -> dict[str, list[str]]:
    """Return the labels that the table does not hold, each with the ids of its songs."""
    unknown: dict[str, list[str]] = {}
    for song in songs:
        for label in sorted({item for item in _list_labels(song) if not is_known(item)}):
            unknown.setdefault(label, []).append(song.id)
    return unknown


def _list_labels(song: Song) -> list[str]:
    return [label for stem in song.stems.values() for label in stem.labels]


def is_known(label: str) -> bool:
    """Return whether the table holds a label."""
    return normalise_label(label) in _read_labels()


@cache
def _read_labels() -> dict[str, dict[str, str]]:
    return {row["label"]: row for row in read_facts("labels")}
