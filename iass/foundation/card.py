"""What a data set is: a card that one can read from top to bottom, and its `prepare`."""

import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import ClassVar, Literal, Protocol, TypeVar

from iass.foundation import config
from iass.foundation.errors import UserError
from iass.foundation.footprint import Footprint

Split = Literal["train", "valid", "test"]
Wanted = Callable[[PurePosixPath], PurePosixPath | None]
"""From the path of an archive's member to where it goes, relative; None drops it."""

S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Archive:
    """One file to download, kept as <data_dir>/archives/<name>; a name has at most one folder.

    `bytes` and `checksum` ("sha256:..." or "md5:...") where published; `token_variable` names the
    environment variable with a token for the server, where it asks for one.
    """

    name: str
    url: str
    bytes: int | None = None
    checksum: str | None = None
    token_variable: str | None = None


@dataclass(frozen=True)
class Record:
    """A restricted Zenodo record: only its API tells its files, and only to those with access.

    They are kept in <data_dir>/archives/<folder>/. `url` is the API's; `mirrored` are the names
    that a mirror has them under, in the same folder; `token_variable` as in Archive.
    """

    url: str
    folder: str
    token_variable: str
    mirrored: tuple[str, ...]


@dataclass(frozen=True)
class PublishedSong:
    """One line of a published track list."""

    id: str
    artist: str
    title: str
    split: Split


@dataclass(frozen=True)
class TrackFiles:
    """One track as its card leaves it on disk.

    `mixture` is None where the set's own rule is that the mixture is the sum of the stems.
    `stems` maps stem names to audio files of equal rate and length.
    """

    id: str
    title: str
    artist: str
    split: Split
    stems: Mapping[str, Path]
    mixture: Path | None = None
    licence: str = ""
    flags: tuple[str, ...] = ()
    extras: Mapping[str, Path] = field(default_factory=dict)


class Tools(Protocol):
    """What the preparation step hands to a card."""

    @property
    def folder(self) -> Path:
        """Where the data set's own files go: <data_dir>/<data set>."""

    def fetch(self, archives: Sequence[Archive], access: str) -> None:
        """Download and verify what is not there yet. UserError says what is in the way.

        `access` is the sentence for a person whom the server refuses.
        """

    def fetch_record(self, record: Record, access: str) -> None:
        """Download and verify all of a record; without access, verify what a person placed there.

        UserError says what is in the way.
        """

    def list_record(self, record: Record) -> list[Archive]:
        """Return a record's archives on the disk, sorted by name. UserError if there are none."""

    def locate(self, archive: Archive) -> Path:
        """Return where a fetched file lies. UserError if it was not fetched, or has changed."""

    def unpack(self, archive: Archive, wanted: Wanted) -> Path:
        """Unpack what is wanted of a fetched archive, once; return <data_dir>/unpacked/<name>.

        UserError if it was not fetched or has changed since, holds nothing that is wanted, is
        damaged or does not fit onto the disk.
        """

    def unpack_all(self, archives: Sequence[Archive], wanted: Wanted) -> list[Path]:
        """Unpack archives of which some, but not all, may hold nothing that is wanted.

        Return their folders. UserError as in `unpack`.
        """

    def run_parallel(self, function: Callable[[S], T], items: Sequence[S], what: str) -> list[T]:
        """Return `function` of each item, in order, computed on the job's cores with a bar.

        `function` and its items must be picklable.
        """


class Card(ABC):
    """Facts about a data set. A subclass `DataSet` is a frozen dataclass of its options."""

    title: ClassVar[str]
    description: ClassVar[str]
    citation: ClassVar[str]
    licence: ClassVar[str]
    publishable: ClassVar[tuple[str, ...]] = ()
    """Licences of tracks, as TrackFiles has them, of which a public page may play excerpts.

    None where a licence, or the set's own terms, keep them from the public: `licence` says why.
    """
    access: ClassVar[str]
    """How to get it, for a person: one sentence."""
    archives: ClassVar[tuple[Archive, ...]] = ()
    targets: ClassVar[Mapping[str, tuple[str, ...]]]
    """Target -> names of the stems that sum to it."""
    splits: ClassVar[tuple[Split, ...]]
    protocol: ClassVar[config.Protocol]
    needs_consent: ClassVar[bool] = False
    """Whether a person must accept the licence, by the config key `accept_licences`."""
    local_variable: ClassVar[str] = ""
    """Environment variable with the folder of a copy that is already there, used in place."""

    def list_songs(self) -> Sequence[PublishedSong]:
        """Return the songs where they are known before the download; for the leakage guard."""
        return ()

    def find_local(self) -> Path | None:
        """Return the folder that `local_variable` names. UserError if it is none."""
        value = os.environ.get(self.local_variable, "") if self.local_variable else ""
        if value and not Path(value).is_dir():
            raise UserError(
                f"{self.local_variable} is '{value}', which is no folder; correct or unset it."
            )
        return Path(value) if value else None

    def fetch(self, tools: Tools) -> None:
        """Download what `prepare` needs; nothing where a local copy is used or there is nothing."""
        if self.archives and self.find_local() is None:
            tools.fetch(self.archives, self.access)

    @property
    def parts(self) -> "Sequence[Card]":
        """The cards that this one puts together, each with a copy or a download of its own."""
        return (self,)

    @property
    def footprint(self) -> Footprint | None:
        """What the set takes on the disk, once prepared; None where nobody has worked it out.

        Of a set that is put together from `parts`, theirs count.
        """
        return None

    @abstractmethod
    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """List every track, unpacked or rendered. UserError says what is missing and where."""
