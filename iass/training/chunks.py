"""Training chunks, drawn at random from the memory-mapped stores and augmented (METHOD 2, DEMO).

Chunk k of a training depends on the seed and on k alone: a resumed training goes on with the
very chunks that it would have drawn, and nothing about the sampler has to be saved.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from iass.foundation.audio import Channels, FloatArray, mix_channels
from iass.foundation.config import TrainSettings
from iass.preparation.activity import LABEL_HOP
from iass.training.songs import Song

_CHUNK_STREAM, _ORDER_STREAM = 0, 1  # independent random streams of one seed


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
        """Return the batch on another device."""
        return Batch(self.mixture.to(device), self.target.to(device), self.labels.to(device))


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
    def targets(self) -> list[Song]:
        """The songs that contain the target."""
        return [song for song in self.songs if song.target_stems]

    @property
    def steps_per_epoch(self) -> int:
        """Batches that give every song its chunks once, rounded up."""
        chunks = len(self.targets) * self.settings.chunks_per_track
        return -(-chunks // self.settings.batch_size)

    def draw_batch(self, step: int) -> Batch:
        """Return the batch of training step `step`, counted from 0, on the CPU."""
        first = step * self.settings.batch_size
        drawn = [self._draw_chunk(first + index) for index in range(self.settings.batch_size)]
        mixtures, targets, labels = zip(*drawn, strict=True)
        return Batch(
            torch.from_numpy(np.stack(mixtures)),
            torch.from_numpy(np.stack(targets)),
            torch.from_numpy(np.stack(labels)),
        )

    def _draw_chunk(self, index: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        rng = np.random.default_rng((self.seed, _CHUNK_STREAM, index))
        song = self._pick_song(index)
        start = self._pick_start(song, rng)
        target = np.zeros((2, self.samples), np.float32)  # a mono stem sounds on both channels
        mixture = np.zeros_like(target)
        for stem in song.stems:
            source, at = self._pick_source(song, start, stem, rng)
            chunk = self._augment(source.read_stem(stem, at, self.samples), rng)
            mixture += chunk
            if stem in song.target_stems:
                target += chunk
        labels = self._cut_labels(song, start)
        return mix_channels(mixture, self.channels), mix_channels(target, self.channels), labels

    def _pick_song(self, index: int) -> Song:
        """Every song once, in random order, before any song comes again."""
        epoch, position = divmod(index, len(self.targets))
        order = np.random.default_rng((self.seed, _ORDER_STREAM, epoch))
        return self.targets[int(order.permutation(len(self.targets))[position])]

    def _pick_start(self, song: Song, rng: np.random.Generator) -> int:
        """Return a multiple of LABEL_HOP; for `active_share` of the draws, one with the target."""
        last = max(0, song.samples - self.samples) // LABEL_HOP
        share = self.settings.active_share
        if share is None or rng.random() >= share:
            return int(rng.integers(last + 1)) * LABEL_HOP
        inside = max(1, self.samples // LABEL_HOP)
        active = np.flatnonzero(song.active[: last + inside])
        if not len(active):
            return int(rng.integers(last + 1)) * LABEL_HOP
        frame = int(rng.choice(active))
        return int(rng.integers(max(0, frame - inside + 1), min(frame, last) + 1)) * LABEL_HOP

    def _pick_source(
        self, song: Song, start: int, stem: str, rng: np.random.Generator
    ) -> tuple[Song, int]:
        """Return where a stem comes from: with `remix`, others than the target from any song."""
        if not self.settings.remix or stem in song.target_stems:
            return song, start
        donors = self._donors[stem]
        donor = donors[int(rng.integers(len(donors)))]
        last = max(0, donor.samples - self.samples) // LABEL_HOP
        return donor, int(rng.integers(last + 1)) * LABEL_HOP

    @cached_property
    def _donors(self) -> dict[str, list[Song]]:
        names = {stem for song in self.songs for stem in song.stems}
        return {name: list(_songs_with(self.songs, name)) for name in names}

    def _augment(self, chunk: FloatArray, rng: np.random.Generator) -> FloatArray:
        gain = np.float32(rng.uniform(*self.settings.gain))
        if self.settings.channel_swap and rng.random() < 0.5:
            chunk = chunk[::-1]
        return chunk * gain

    def _cut_labels(self, song: Song, start: int) -> FloatArray:
        labels = np.zeros(self.samples // LABEL_HOP + 1, np.float32)
        piece = song.active[start // LABEL_HOP :][: len(labels)]
        labels[: len(piece)] = piece
        return labels


def _songs_with(songs: Sequence[Song], stem: str) -> Iterator[Song]:
    return (song for song in songs if stem in song.stems and stem not in song.target_stems)
