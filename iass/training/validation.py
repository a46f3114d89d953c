"""Validation: the mean squared error of the estimated magnitude, no gate (METHOD 2, 3)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import fmean

import torch
from torch import Tensor
from torch.nn import functional

from iass.foundation.audio import Channels
from iass.models.losses import magnitude_loss
from iass.training.chunks import mix_parts
from iass.training.places import Part
from iass.training.songs import Song
from iass.training.task import Local, Task
from iass.training.team import ALONE, Team

_BLOCK = 1024  # frames, 24 s at a hop of 1024: less memory than a training step takes

Stretch = tuple[int, int]
"""First sample, and the one behind the last."""


class _StoppedError(Exception):
    pass


@dataclass(frozen=True)
class Validator:
    """Validates on `songs`, or on the middle of each: `samples` samples.

    A network that sees a limited number of frames gets long songs in blocks, so that memory does
    not grow with the song; the error is the same up to rounding.
    """

    songs: Sequence[Song]
    channels: Channels
    device: torch.device
    samples: int | None = None
    team: Team = ALONE

    def measure(self, task: Task, is_stopping: Callable[[], bool] = lambda: False) -> float | None:
        """Return the mean error over songs, which the team divides; None if asked to stop."""
        errors, stops = [0.0] * len(self.songs), 0.0
        task.network.eval()
        try:
            for index in range(self.team.rank, len(self.songs), self.team.size):
                errors[index] = self._measure_song(task, self.songs[index], is_stopping)
        except _StoppedError:
            stops = 1.0
        finally:
            task.network.train()
        *errors, stops = self.team.sum_up([*errors, stops])
        return None if stops else fmean(errors)

    def _measure_song(self, task: Task, song: Song, is_stopping: Callable[[], bool]) -> float:
        stretch = self._choose_stretch(song)
        frames = task.stft.count_frames(stretch[1] - stretch[0])
        context = task.context_frames if isinstance(task, Local) else None
        with torch.inference_mode():
            if context is None or frames <= _BLOCK:
                _check_stop(is_stopping)
                return self._measure_whole(task, song, stretch)
            return self._measure_blocks(task, song, stretch, context, is_stopping)

    def _choose_stretch(self, song: Song) -> Stretch:
        """Return the middle of a song, or all of it."""
        length = min(self.samples or song.samples, song.samples)
        first = (song.samples - length) // 2
        return first, first + length

    def _measure_whole(self, task: Task, song: Song, stretch: Stretch) -> float:
        mixture, target = (
            task.stft.transform(audio.to(self.device)).abs()
            for audio in read_sum(song, stretch, self.channels)
        )
        return float(magnitude_loss(task.estimate_magnitude(mixture), target))

    def _measure_blocks(
        self,
        task: Task,
        song: Song,
        stretch: Stretch,
        context: int,
        is_stopping: Callable[[], bool],
    ) -> float:
        frames = task.stft.count_frames(stretch[1] - stretch[0])
        total, count = 0.0, 0
        for first in range(0, frames, _BLOCK):
            _check_stop(is_stopping)
            last = min(first + _BLOCK, frames)
            seen = max(0, first - context), min(frames, last + context)
            mixture, target = self._transform_frames(task, song, stretch, seen)
            wanted = slice(first - seen[0], last - seen[0])
            errors = (task.estimate_magnitude(mixture) - target)[..., wanted].square()
            total, count = total + float(errors.sum(dtype=torch.float64)), count + errors.numel()
        return total / count

    def _transform_frames(
        self, task: Task, song: Song, stretch: Stretch, frames: tuple[int, int]
    ) -> Iterator[Tensor]:
        """Return the magnitudes of some frames of the centred transform of a stretch."""
        half = task.stft.n_fft // 2
        first = stretch[0] + frames[0] * task.stft.hop - half
        behind = stretch[0] + (frames[1] - 1) * task.stft.hop + half
        inside = max(first, stretch[0]), min(behind, stretch[1])
        return (
            task.stft.transform(
                functional.pad(audio.to(self.device), (inside[0] - first, behind - inside[1])),
                center=False,
            ).abs()
            for audio in read_sum(song, inside, self.channels)
        )


def read_sum(song: Song, stretch: Stretch, channels: Channels) -> tuple[Tensor, Tensor]:
    """Return mixture (the sum of the stems) and target of a stretch, (1, channels, samples)."""
    first, behind = stretch
    parts = [Part(song, stem, first, 1.0, False, stem in song.target_stems) for stem in song.stems]
    mixture, target = mix_parts(parts, behind - first, channels)
    return mixture[None], target[None]


def _check_stop(is_stopping: Callable[[], bool]) -> None:
    if is_stopping():
        raise _StoppedError
