"""Where training chunks come from: drawn at random, nothing read (METHOD 2, DEMO).

The place of chunk k depends on the seed and on k alone: a resumed training goes on with the very
chunks that it would have drawn, whoever reads them, and nothing about the drawing has to be saved.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from iass.foundation.config import TrainSettings
from iass.preparation.activity import LABEL_HOP
from iass.training.songs import Song

_CHUNK_STREAM, _ORDER_STREAM = 0, 1  # independent random streams of one seed


@dataclass(frozen=True)
class Part:
    """What one stem gives to a chunk: `start` is its first sample in `song`, `gain` a factor."""

    song: Song
    stem: str
    start: int
    gain: float
    is_swapped: bool
    is_target: bool


@dataclass(frozen=True)
class Place:
    """One chunk: the song of its target and labels, its first sample there, and its parts."""

    song: Song
    start: int
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Places:
    """Draws the places of chunks of `samples` samples.

    `songs` may hold songs without the target, for remixing only.
    """

    songs: Sequence[Song]
    settings: TrainSettings
    seed: int
    samples: int

    @cached_property
    def targets(self) -> list[Song]:
        """The songs that contain the target."""
        return [song for song in self.songs if song.target_stems]

    def draw(self, index: int) -> Place:
        """Return the place of chunk `index` of the training, counted from 0."""
        rng = np.random.default_rng((self.seed, _CHUNK_STREAM, index))
        song = self._pick_song(index)
        start = self._pick_start(song, rng)
        parts = (self._draw_part(song, start, stem, rng) for stem in song.stems)
        return Place(song, start, tuple(parts))

    def _draw_part(self, song: Song, start: int, stem: str, rng: np.random.Generator) -> Part:
        is_target = stem in song.target_stems
        source, at = self._pick_source(song, start, stem, rng)
        gain = float(np.float32(rng.uniform(*self.settings.gain)))
        is_swapped = self.settings.channel_swap and bool(rng.random() < 0.5)
        return Part(source, stem, at, gain, is_swapped, is_target)

    def _pick_song(self, index: int) -> Song:
        """Every song once, in random order, before any song comes again."""
        epoch, position = divmod(index, len(self.targets))
        order = np.random.default_rng((self.seed, _ORDER_STREAM, epoch))
        return self.targets[int(order.permutation(len(self.targets))[position])]

    def _pick_start(self, song: Song, rng: np.random.Generator) -> int:
        """Return a multiple of LABEL_HOP; for `active_share` of the draws, one with the target."""
        last = self._last_start(song)
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
        return donor, int(rng.integers(self._last_start(donor) + 1)) * LABEL_HOP

    def _last_start(self, song: Song) -> int:
        return max(0, song.samples - self.samples) // LABEL_HOP

    @cached_property
    def _donors(self) -> dict[str, list[Song]]:
        names = {stem for song in self.songs for stem in song.stems}
        return {name: list(_songs_with(self.songs, name)) for name in names}


def _songs_with(songs: Sequence[Song], stem: str) -> Iterator[Song]:
    return (song for song in songs if stem in song.stems and stem not in song.target_stems)
