"""The manifest: which tracks a data set has, where their stems lie, and what is known of them.

Paths are kept relative to the manifest's own folder, so that a moved project still finds them.
"""

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iass.foundation.card import Split
from iass.foundation.config import Protocol
from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json


class _Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Stem(_Closed):
    """One audio file."""

    path: str = Field(description="Relative to the manifest's folder.")
    sha256: str
    rate_hz: int
    samples: int = Field(description="Length in samples per channel.")
    channels: int


class Track(_Closed):
    """One song with its stems."""

    id: str
    title: str
    artist: str
    split: Split
    targets: list[str] = Field(description="Targets that sound in this track.")
    stems: dict[str, Stem]
    mixture: Stem | None = Field(description="Null: the mixture is the sum of the stems.")
    store: str | None = Field(
        description="Memory-mapped stems for training, relative; null for test tracks."
    )
    extras: dict[str, str] = Field(description="Other files, e.g. MIDI notes, relative.")
    licence: str
    flags: list[str] = Field(description="Known defects, e.g. bleed or an erratum.")

    @property
    def rate_hz(self) -> int:
        """Sample rate of all stems, Hz."""
        return next(iter(self.stems.values())).rate_hz

    @property
    def samples(self) -> int:
        """Length of all stems in samples."""
        return next(iter(self.stems.values())).samples


class Manifest(_Closed):
    """All tracks of a data set."""

    schema_version: Literal[1] = 1
    dataset: str
    protocol: Protocol
    targets: dict[str, list[str]] = Field(description="Target -> stems that sum to it.")
    mixture_rule: Literal["file", "sum"]
    tracks: list[Track]

    def select(self, split: Split) -> list[Track]:
        """Return the tracks of one split, in the order of the manifest."""
        return [track for track in self.tracks if track.split == split]


def write_manifest(path: Path, manifest: Manifest) -> None:
    """Write the manifest as JSON, atomically."""
    write_json(path, manifest.model_dump())


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. UserError names the file and the field that does not fit the schema."""
    content: Any = read_json(path)
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise UserError(f"{path}: '{field}' is wrong: {first['msg']}; prepare it again.") from None


def relative_path(file: Path, manifest: Path) -> str:
    """Return how the manifest at `manifest` writes the path of `file`."""
    return os.path.relpath(file.resolve(), manifest.resolve().parent)


def resolve_path(relative: str, manifest: Path) -> Path:
    """Return the file that the manifest at `manifest` means by `relative`."""
    return Path(os.path.normpath(manifest.resolve().parent / relative))
