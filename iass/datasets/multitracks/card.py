"""What the cards of MedleyDB and Mixing Secrets share: their options, and the songs they choose."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from iass.datasets.multitracks.labels import TARGETS
from iass.datasets.multitracks.metadata import Song, read_song
from iass.datasets.multitracks.sources import list_metadata
from iass.datasets.splits import Assignment, read_split
from iass.foundation.card import Card, PublishedSong, Split, Tools
from iass.foundation.errors import UserError

Level = Literal["strict", "broad"]
Bleed = Literal["keep", "drop", "drop_from_test"]
Mixture = Literal["file", "sum"]


@dataclass(frozen=True)
class MultitrackCard(Card):
    """Songs of labelled stems, put together to a stem per target and one of the rest.

    labels: which of them name a target, `strict` or also `broad` ones (facts/labels.csv).
    bleed: songs in whose stems other instruments are heard: `keep` them, as the paper's authors did
    (their published acoustic-guitar scores hold such songs), `drop` or `drop_from_test`.
    split: one of iass/datasets/splits. leave_out: ids of tracks that are not fetched and not used.
    mixture: `file`, the set's own, or the sum of the stems as a file where the set has none;
    `sum`, no file, so that the mixture is the sum of the stems.
    """

    labels: Level = "strict"
    bleed: Bleed = "keep"
    split: str = "mm"
    leave_out: Sequence[str] = ()
    mixture: Mixture = "file"

    targets = {name: (name,) for name in TARGETS}
    splits: ClassVar[tuple[Split, ...]] = ("train", "valid", "test")
    protocol = "per_target"
    needs_consent = True

    def __post_init__(self) -> None:
        """UserError names an option's value that is none, and what it may be."""
        check_choice("labels", self.labels, get_args(Level))
        check_choice("bleed", self.bleed, get_args(Bleed))
        check_choice("mixture", self.mixture, get_args(Mixture))
        known = {row.track for row in read_split(self.split)}
        for track in self.leave_out:
            check_track(track, known)

    @abstractmethod
    def choose_songs(self) -> list[Assignment]:
        """Return the songs that the options name, as far as that is known without metadata."""

    def list_songs(self) -> list[PublishedSong]:
        """Return the songs by the artist and the title in their ids, before any download."""
        return list(map(publish, self.choose_songs()))

    def choose_of(self, dataset: str) -> list[Assignment]:
        """Return the songs of one data set in the split that are not left out."""
        rows = read_split(self.split)
        return [row for row in rows if row.dataset == dataset and row.track not in self.leave_out]


def publish(row: Assignment) -> PublishedSong:
    """Return a song of a split by the artist and the title in its id."""
    artist, _, title = row.track.partition("_")
    return PublishedSong(row.track, artist, title, row.split)


def check_choice(option: str, value: object, choices: Sequence[str]) -> None:
    """UserError if an option's value is none of the choices."""
    if value not in choices:
        raise UserError(f"option '{option}' is {value!r}; choose one of {', '.join(choices)}.")


def check_track(track: str, known: set[str]) -> None:
    """UserError if a track that is left out is none."""
    if track not in known:
        raise UserError(f"option 'leave_out' names '{track}', which is no track of the split.")


def fetch_metadata(tools: Tools, dataset: str, rows: Sequence[Assignment]) -> None:
    """Download the metadata of some songs. UserError says what is in the way."""
    archives = list_metadata(dataset)
    tools.fetch([archives[row.track] for row in rows], "check that this machine reaches GitHub")


def read_metadata(
    tools: Tools, dataset: str, rows: Sequence[Assignment], bleed: Bleed
) -> list[tuple[Assignment, Song]]:
    """Return songs with their metadata, without those that the policy on bleed drops."""
    archives = list_metadata(dataset)
    songs = [(row, read_song(tools.locate(archives[row.track]))) for row in rows]
    return [(row, song) for row, song in songs if not _is_dropped(row, song, bleed)]


def _is_dropped(row: Assignment, song: Song, bleed: Bleed) -> bool:
    is_concerned = bleed == "drop" or (bleed == "drop_from_test" and row.split == "test")
    return song.has_bleed and is_concerned
