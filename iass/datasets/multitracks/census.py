"""How many songs of a set hold each target, with and without bleed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.labels import TARGETS, find_targets, find_unknown_labels
from iass.datasets.multitracks.metadata import Song, read_songs
from iass.datasets.splits import read_split
from iass.foundation.errors import UserError

NAMES = {"medleydb": "MedleyDB V1+V2", "mixing_secrets": "Mixing Secrets", "mm": "MM"}
_LISTED = 5  # names in a sentence before the rest is counted


@dataclass(frozen=True)
class Count:
    """Songs with a target, and those of them without bleed."""

    songs: int
    without_bleed: int


@dataclass(frozen=True)
class Census:
    """Songs by data set, in the order of the table's rows, and the published ids not found."""

    songs: Mapping[str, Sequence[Song]]
    missing: Sequence[str]


def take_census(name: str, medleydb: Path | None, mixing_secrets: Path | None) -> Census:
    """Read the metadata of one set, or of both for mm, from folders of YAML files.

    Of MedleyDB's files only those of versions 1 and 2 count: the others have no published audio.
    UserError says which folder to give.
    """
    if name not in NAMES:
        raise UserError(f"there is no census of '{name}'; choose one of {', '.join(NAMES)}.")
    folders = {"medleydb": medleydb, "mixing_secrets": mixing_secrets}
    wanted = [item for item in folders if name in (item, "mm")]
    songs = {item: read_set(item, folders[item]) for item in wanted}
    found = {song.id for group in songs.values() for song in group}
    rows = [row for row in read_split("mm") if row.dataset in wanted]
    return Census(songs, [row.track for row in rows if row.track not in found])


def count_songs(songs: Sequence[Song], broad: bool) -> dict[str, Count]:
    """Return the count of each target, by the labels of the stems and not of the raw files."""
    found = [(find_targets(song, broad), song.has_bleed) for song in songs]
    counts = {}
    for target in TARGETS:
        bleeds = [bleed for targets, bleed in found if target in targets]
        counts[target] = Count(len(bleeds), bleeds.count(False))
    return counts


def format_census(census: Census, broad: bool) -> str:
    """Return a table of songs / songs without bleed: a row per set, and one for all of them."""
    groups = {NAMES[name]: list(songs) for name, songs in census.songs.items()}
    if len(groups) > 1:
        groups[NAMES["mm"]] = [song for songs in groups.values() for song in songs]
    rows = [["", *(target.replace("_", " ") for target in TARGETS)]]
    for title, songs in groups.items():
        counts = count_songs(songs, broad).values()
        cells = [f"{count.songs}/{count.without_bleed}" for count in counts]
        rows.append([f"{title} ({len(songs)})", *cells])
    level = "strict and broad" if broad else "strict"
    return f"{_align(rows)}\nSongs with the target / of those without bleed; {level} labels."


def describe_gaps(census: Census) -> list[str]:
    """Return a sentence for the songs that were not found and one for the labels not known."""
    sentences = []
    if census.missing:
        sentences.append(f"Songs without metadata, not counted: {_shorten(census.missing)}.")
    songs = [song for group in census.songs.values() for song in group]
    unknown = [f"'{label}' ({_shorten(ids)})" for label, ids in find_unknown_labels(songs).items()]
    if unknown:
        sentences.append(
            f"Unknown labels, counted as no target until iass/datasets/facts/labels.csv has them: "
            f"{', '.join(unknown)}."
        )
    return sentences


def read_set(name: str, folder: Path | None) -> list[Song]:
    """Read the songs of one set with published audio. UserError says which folder to give."""
    if folder is None:
        option = f"--{name.replace('_', '-')}-metadata"
        raise UserError(
            f"a census of {NAMES[name]} needs its metadata: give {option} and the folder of its "
            "YAML files; `iass data list` says where they are published."
        )
    songs = read_songs(folder)
    if name == "medleydb":
        published = {row["track"] for row in read_facts("medleydb_versions")}
        return [song for song in songs if song.id in published]
    return songs


def _shorten(names: Sequence[str]) -> str:
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _align(rows: list[list[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for first, *cells in rows:
        padded = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([first.ljust(widths[0]), *padded]))
    return "\n".join(lines)
