"""The songs of a training set, opened by what prepare wrote: manifest, labels and stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from iass.foundation.audio import FloatArray
from iass.foundation.card import Split
from iass.foundation.errors import UserError
from iass.foundation.method import FitJob
from iass.preparation.activity import ACTIVE, read_labels
from iass.preparation.manifest import Manifest, Track, read_manifest, resolve_path
from iass.preparation.store import PCM16_SCALE, open_store, read_chunk


@dataclass(frozen=True)
class Song:
    """One song of the training set: its store, and which of its stems make the target."""

    id: str
    store: NDArray[Any]
    stems: tuple[str, ...]
    target_stems: frozenset[str]
    active: NDArray[np.bool_]

    @property
    def samples(self) -> int:
        """Length in samples."""
        return int(self.store.shape[-1])

    @property
    def device(self) -> torch.device:
        """Where its chunks are read to."""
        return torch.device("cpu")

    def read_stem(self, stem: str, start: int, samples: int) -> Tensor:
        """Return a new chunk (channels, samples) of one stem, float32, zeros beyond the end."""
        return torch.from_numpy(read_chunk(self.store, self.stems.index(stem), start, samples))

    def __getstate__(self) -> dict[str, Any]:
        """Send another process the name of the memory-mapped file, not gigabytes of content."""
        if not isinstance(self.store, np.memmap):
            return self.__dict__
        return self.__dict__ | {"store": Path(str(self.store.filename))}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Map the file again."""
        store = state["store"]
        opened = open_store(store) if isinstance(store, Path) else store
        self.__dict__.update(state | {"store": opened})


@dataclass(frozen=True)
class ResidentSong(Song):
    """A song whose samples lie in the memory of a device: chunks are cut there."""

    values: Tensor

    @property
    def device(self) -> torch.device:
        """Where its samples lie."""
        return self.values.device

    def read_stem(self, stem: str, start: int, samples: int) -> Tensor:
        """Return a new chunk as `Song` does, on the device, of the same bits."""
        piece = self.values[self.stems.index(stem), :, start : start + samples]
        scale = float(PCM16_SCALE) if piece.dtype == torch.int16 else 1.0
        return functional.pad(piece * scale, (0, samples - piece.shape[1]))


def move_song(song: Song, device: torch.device) -> ResidentSong:
    """Return the song with its samples on the device, as they are stored."""
    values = torch.from_numpy(np.array(song.store)).to(device)
    return ResidentSong(**vars(song), values=values)


def open_songs(job: FitJob, split: Split) -> list[Song]:
    """Open all songs of a split. UserError if a track has no store."""
    manifest = read_manifest(job.manifest)
    labels = read_labels(job.labels, job.target)
    return [_open_song(job, manifest, track, labels) for track in manifest.select(split)]


def read_rate(job: FitJob) -> int:
    """Return the one sample rate of the training set in Hz; UserError if there are several."""
    rates = {track.rate_hz for track in read_manifest(job.manifest).tracks}
    if len(rates) != 1:
        raise UserError(
            f"{job.manifest} has tracks at {sorted(rates)} Hz; prepare the set at one rate."
        )
    return rates.pop()


def keep_songs_with_target(songs: Sequence[Song], job: FitJob, split: Split) -> list[Song]:
    """Return the songs in which the target sounds; UserError if there is none."""
    kept = [song for song in songs if song.target_stems]
    if not kept:
        raise UserError(
            f"{job.manifest} has no {split} track with the target '{job.target}'; take it off the "
            "experiment's targets, or train on a set that has it."
        )
    return kept


def _open_song(
    job: FitJob, manifest: Manifest, track: Track, labels: dict[str, FloatArray]
) -> Song:
    if track.store is None:
        raise UserError(f"{job.manifest}: track {track.id} has no store; prepare the set again.")
    present = job.target in track.targets
    wanted = manifest.targets.get(job.target, []) if present else []
    return Song(
        id=track.id,
        store=open_store(resolve_path(track.store, job.manifest)),
        stems=tuple(sorted(track.stems)),
        target_stems=frozenset(wanted) & frozenset(track.stems),
        active=labels.get(track.id, np.zeros(0, np.float32)) >= ACTIVE,
    )
