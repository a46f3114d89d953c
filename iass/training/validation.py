"""Whole-song validation: the mean squared error of the estimated magnitude, no gate."""

from collections.abc import Sequence
from statistics import fmean

import numpy as np
import torch
from torch import Tensor

from iass.foundation.audio import Channels, FloatArray, mix_channels
from iass.models.losses import magnitude_loss
from iass.training.songs import Song
from iass.training.task import Task


def validate(task: Task, songs: Sequence[Song], channels: Channels, device: torch.device) -> float:
    """Return the mean over songs of the error of a whole song (the sum of its stems)."""
    task.network.eval()
    with torch.inference_mode():
        errors = [_measure_error(task, *read_song(song, channels), device) for song in songs]
    task.network.train()
    return fmean(errors)


def read_song(song: Song, channels: Channels) -> tuple[Tensor, Tensor]:
    """Return mixture and target (1, channels, samples) of a whole song."""
    mixture = np.zeros((2, song.samples), np.float32)  # a mono stem sounds on both channels
    target = np.zeros_like(mixture)
    for stem in song.stems:
        audio = song.read_stem(stem, 0, song.samples)
        mixture += audio
        if stem in song.target_stems:
            target += audio
    return _to_tensor(mixture, channels), _to_tensor(target, channels)


def _to_tensor(audio: FloatArray, channels: Channels) -> Tensor:
    return torch.from_numpy(mix_channels(audio, channels))[None]


def _measure_error(task: Task, mixture: Tensor, target: Tensor, device: torch.device) -> float:
    magnitude = task.stft.transform(mixture.to(device)).abs()
    wanted = task.stft.transform(target.to(device)).abs()
    return float(magnitude_loss(task.estimate_magnitude(magnitude), wanted))
