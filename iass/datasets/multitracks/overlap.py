"""Which songs of a training set are songs of a test set."""

from collections import defaultdict
from collections.abc import Iterable

from iass.datasets.multitracks.artists import Named, resolve_artist, resolve_title


def find_overlap(
    train_songs: Iterable[Named], test_songs: Iterable[Named]
) -> list[tuple[str, str]]:
    """Return the pairs (train id, test id) of one song, by artist and title, sorted.

    A hidden title (`resolve_title` is None) is taken for any title of its artist: rather a song
    too many refused than one heard unawares.
    """
    by_artist: defaultdict[str, list[Named]] = defaultdict(list)
    for song in test_songs:
        by_artist[resolve_artist(song)].append(song)
    return sorted(
        (song.id, other.id)
        for song in train_songs
        for other in by_artist[resolve_artist(song)]
        if _may_be_one(resolve_title(song), resolve_title(other))
    )


def _may_be_one(title: str | None, other: str | None) -> bool:
    return title is None or other is None or title == other
