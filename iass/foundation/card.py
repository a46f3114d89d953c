"""What a data set is: a card that one can read from top to bottom, and its `prepare`."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Literal, Protocol, TypeVar

from iass.foundation import config

Split = Literal["train", "valid", "test"]
S = TypeVar("S")
T = TypeVar("T")


@dataclass(frozen=True)
class Archive:
    """One file to download. `bytes` and `checksum` ("sha256:..." or "md5:...") where published."""

    name: str
    url: str
    bytes: int | None = None
    checksum: str | None = None


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
        """Where the data set's large files go: <data_dir>/<data set>."""

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
    access: ClassVar[str]
    """How to get it, for a person: one sentence."""
    archives: ClassVar[tuple[Archive, ...]] = ()
    targets: ClassVar[Mapping[str, tuple[str, ...]]]
    """Target -> names of the stems that sum to it."""
    splits: ClassVar[tuple[Split, ...]]
    protocol: ClassVar[config.Protocol]

    @abstractmethod
    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Bring every track onto disk and list them. UserError says what is missing and where."""
