"""The songs that published weights have learned, as far as lists of them are published."""

from collections.abc import Mapping, Sequence

from iass.foundation.card import PublishedSong
from iass.foundation.config import DatasetEntry
from iass.foundation.plugins import load_card


def list_learned(trained_on: Mapping[str, Sequence[str]]) -> list[PublishedSong]:
    """Return the songs of the cards, with their default options, in the splits named for each."""
    return [
        song
        for name, splits in trained_on.items()
        for song in load_card(name, DatasetEntry()).list_songs()
        if song.split in splits
    ]
