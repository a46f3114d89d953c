"""Training chunks: read from the stores where `places` says, mixed and augmented."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from iass.foundation.audio import CHANNEL_COUNT, Channels, FloatArray
from iass.foundation.config import TrainSettings
from iass.preparation.activity import LABEL_HOP
from iass.training.places import Part, Place, Places
from iass.training.songs import Song


@dataclass(frozen=True)
class Batch:
    """Chunks of one target, on a device.

    mixture and target are (batch, channels, samples); labels (batch, label_frames) is 1 where the
    target plays, label k being centred at sample k * LABEL_HOP of the chunk.
    """

    mixture: Tensor
    target: Tensor
    labels: Tensor

    def to(self, device: torch.device) -> "Batch":
        """Return the batch on another device; from pinned memory the copy does not wait."""
        mixture, target, labels = (
            tensor.to(device, non_blocking=True)
            for tensor in (self.mixture, self.target, self.labels)
        )
        return Batch(mixture, target, labels)

    def pin_memory(self) -> "Batch":
        """Return the batch in memory that a GPU reads by itself; torch's loader calls this."""
        return Batch(self.mixture.pin_memory(), self.target.pin_memory(), self.labels.pin_memory())


@dataclass(frozen=True)
class ChunkSampler:
    """Draws batches for one target. `songs` may hold songs without it, for remixing only."""

    songs: Sequence[Song]
    settings: TrainSettings
    channels: Channels
    seed: int
    rate_hz: int

    @property
    def samples(self) -> int:
        """Length of a chunk in samples."""
        return round(self.settings.chunk_s * self.rate_hz)

    @cached_property
    def places(self) -> Places:
        """Where the chunks come from."""
        return Places(self.songs, self.settings, self.seed, self.samples)

    @property
    def targets(self) -> list[Song]:
        """The songs that contain the target."""
        return self.places.targets

    @property
    def steps_per_epoch(self) -> int:
        """Batches that give every song its chunks once, rounded up."""
        chunks = len(self.targets) * self.settings.chunks_per_track
        return -(-chunks // self.settings.batch_size)

    def draw_batch(self, step: int) -> Batch:
        """Return the whole batch of training step `step`, counted from 0."""
        return self.draw_part(step, 0, 1)

    def draw_part(self, step: int, part: int, parts: int) -> Batch:
        """Return part `part` of `parts` equal ones of a step's batch, where the songs are."""
        drawn = [self._read(place) for place in self.list_places(step, part, parts)]
        mixtures, targets, labels = zip(*drawn, strict=True)
        return Batch(torch.stack(mixtures), torch.stack(targets), torch.stack(labels))

    def list_places(self, step: int, part: int, parts: int) -> list[Place]:
        """Return where the chunks of a part of a batch come from."""
        size = self.settings.batch_size // parts
        first = step * self.settings.batch_size + part * size
        return [self.places.draw(first + index) for index in range(size)]

    def with_songs(self, songs: Sequence[Song]) -> "ChunkSampler":
        """Return a sampler that draws the same chunks from the same songs, held elsewhere."""
        return replace(self, songs=songs)

    def _read(self, place: Place) -> tuple[Tensor, Tensor, Tensor]:
        mixture, target = mix_parts(place.parts, self.samples, self.channels)
        labels = torch.from_numpy(self._cut_labels(place)).to(mixture.device)
        return mixture, target, labels

    def _cut_labels(self, place: Place) -> FloatArray:
        labels = np.zeros(self.samples // LABEL_HOP + 1, np.float32)
        piece = place.song.active[place.start // LABEL_HOP :][: len(labels)]
        labels[: len(piece)] = piece
        return labels


def mix_parts(parts: Sequence[Part], samples: int, channels: Channels) -> tuple[Tensor, Tensor]:
    """Return the sum of all parts and that of the target's, (channels, samples) each.

    Memory-mapped or on a device, the bits are the same: every operation rounds by itself.
    """
    device = parts[0].song.device
    mixture = torch.zeros((2, samples), device=device)  # a mono stem sounds on both channels
    target = torch.zeros_like(mixture)
    for part in parts:
        chunk = part.song.read_stem(part.stem, part.start, samples)
        chunk = chunk.flip(0) if part.is_swapped else chunk
        chunk *= part.gain
        mixture += chunk
        if part.is_target:
            target += chunk
    return _to_channels(mixture, channels), _to_channels(target, channels)


def _to_channels(audio: Tensor, channels: Channels) -> Tensor:
    """Return two channels as they are, or their mean."""
    return audio if CHANNEL_COUNT[channels] == len(audio) else audio.sum(0, keepdim=True) * 0.5
