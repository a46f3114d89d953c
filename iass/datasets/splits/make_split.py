"""Make the splits of mm from the metadata of its two sets; the result is in this folder.

    python -m iass.datasets.splits.make_split MEDLEYDB_METADATA MIXING_SECRETS_METADATA FOLDER

All songs of an artist go to one split. Artists are placed one by one, the largest first, where
the shares of the strata miss theirs most, and then moved as long as that brings the shares closer.
Only whole numbers are compared, so every machine writes the same bytes.
"""

import csv
import hashlib
import io
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.artists import resolve_artist
from iass.datasets.multitracks.census import read_set
from iass.datasets.multitracks.labels import find_targets
from iass.datasets.multitracks.metadata import Song
from iass.foundation.card import Split
from iass.foundation.files import write_text

SEED = 10  # orders artists with equally many songs; of 1 to 40 the one with the closest shares
_UNIT = 40  # parts of a song, so that a fifth and an eighth of a stratum are whole numbers
_PRECISION = 10**12  # of the squared distances, which are whole numbers

Strata = Counter[str]


def assign_artists(songs: Sequence[Song], test_tracks: Iterable[str]) -> dict[str, Split]:
    """Return the split of each artist; those of `test_tracks` are test artists.

    Strata: all songs, the songs of each target (strict labels), and those of them without bleed.
    """
    artists = _count_strata(songs)
    known = set(test_tracks)
    fixed = {resolve_artist(song) for song in songs if song.id in known}
    wanted = _share_strata(artists, fixed)
    counts: dict[Split, Strata] = {split: Strata() for split in wanted}
    splits: dict[str, Split] = {}
    for artist in sorted(artists, key=lambda item: (item not in fixed, *_rank(item, artists))):
        choices: Iterable[Split] = ["test"] if artist in fixed else wanted
        splits[artist] = _place(artists[artist], choices, counts, wanted)
    free = [artist for artist in splits if artist not in fixed]
    while _move(free, splits, artists, counts, wanted):
        pass
    return splits


def format_split(rows: Iterable[tuple[str, str, Split]]) -> str:
    """Return rows of track, data set and split as CSV, sorted by track."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerows([("track", "dataset", "split"), *sorted(rows)])
    return stream.getvalue()


def write_splits(medleydb: Path, mixing_secrets: Path, folder: Path) -> None:
    """Write mm.csv and authors_acoustic_guitar.csv. UserError names a folder without metadata."""
    folders = {"medleydb": medleydb, "mixing_secrets": mixing_secrets}
    sets = {name: read_set(name, path) for name, path in folders.items()}
    known = {row["track"] for row in read_facts("authors_test_tracks")}
    splits = assign_artists([song for songs in sets.values() for song in songs], known)
    rows = [
        (song.id, name, splits[resolve_artist(song)])
        for name, songs in sets.items()
        for song in songs
    ]
    write_text(folder / "mm.csv", format_split(rows))
    kept = [row for row in rows if row[0] not in known and row[2] != "test"]
    tested: list[tuple[str, str, Split]] = [(*row[:2], "test") for row in rows if row[0] in known]
    write_text(folder / "authors_acoustic_guitar.csv", format_split(kept + tested))


def _count_strata(songs: Sequence[Song]) -> dict[str, Strata]:
    artists: defaultdict[str, Strata] = defaultdict(Strata)
    for song in songs:
        targets = find_targets(song, broad=False)
        clean = set() if song.has_bleed else {f"{target} without bleed" for target in targets}
        artists[resolve_artist(song)].update({"songs"} | targets | clean)
    return artists


def _rank(artist: str, artists: Mapping[str, Strata]) -> tuple[int, str]:
    return -artists[artist]["songs"], hashlib.sha256(f"{SEED} {artist}".encode()).hexdigest()


def _share_strata(artists: Mapping[str, Strata], fixed: Iterable[str]) -> dict[Split, Strata]:
    """Return the wanted songs of each stratum, in units: 70, 10 and 20 %.

    Where the fixed artists hold more than 20 %, the rest is shared as 7 to 1.
    """
    wanted: dict[Split, Strata] = {"train": Strata(), "valid": Strata(), "test": Strata()}
    taken = sum((artists[artist] for artist in fixed), Strata())
    for stratum, songs in sum(artists.values(), Strata()).items():
        test = max(_UNIT * songs // 5, _UNIT * taken[stratum])
        valid = (_UNIT * songs - test) // 8
        wanted["train"][stratum] = 7 * valid
        wanted["valid"][stratum] = valid
        wanted["test"][stratum] = test
    return wanted


def _place(
    artist: Strata,
    choices: Iterable[Split],
    counts: dict[Split, Strata],
    wanted: Mapping[Split, Strata],
) -> Split:
    best = min(choices, key=lambda split: _measure_growth(artist, counts[split], wanted, split))
    counts[best] += artist
    return best


def _move(
    free: Sequence[str],
    splits: dict[str, Split],
    artists: Mapping[str, Strata],
    counts: dict[Split, Strata],
    wanted: Mapping[Split, Strata],
) -> bool:
    """Place every artist once more; say whether one of them changed."""
    moved = False
    for artist in free:
        old = splits[artist]
        counts[old] -= artists[artist]
        splits[artist] = _place(artists[artist], (old, *wanted), counts, wanted)
        moved |= splits[artist] != old
    return moved


def _measure_growth(
    artist: Strata, counts: Strata, wanted: Mapping[Split, Strata], split: Split
) -> int:
    """Return by how much the distance from the wanted songs grows if `artist` joins `split`."""
    growth = 0
    for stratum, songs in artist.items():
        total = sum(wanted[name][stratum] for name in wanted)
        excess = _UNIT * counts[stratum] - wanted[split][stratum]
        growth += ((excess + _UNIT * songs) ** 2 - excess**2) * (_PRECISION // total**2)
    return growth


if __name__ == "__main__":
    write_splits(*(Path(argument) for argument in sys.argv[1:]))
