"""All data of one training: the chunks to learn from, and the songs to validate on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from iass.foundation.audio import FloatArray
from iass.foundation.errors import UserError
from iass.foundation.method import FitJob
from iass.foundation.stft import Stft
from iass.training.chunks import ChunkSampler
from iass.training.songs import Song, keep_songs_with_target, open_songs, read_rate

_STATISTICS_CHUNKS = 64  # drawn to measure the mean spectrum
_LEAST_DEVIATION = 1e-4  # of the largest deviation, as Open-Unmix's training script has it


@dataclass(frozen=True)
class TrainingData:
    """The sampler of training chunks and the validation songs that contain the target."""

    sampler: ChunkSampler
    validation: Sequence[Song]


@dataclass(frozen=True)
class Spectrum:
    """Mean and standard deviation (bins,) of the magnitude of the training mixtures."""

    mean: FloatArray
    deviation: FloatArray


def open_training_data(job: FitJob) -> TrainingData:
    """Open the training and validation songs. UserError if no song of either has the target."""
    train = open_songs(job, "train")
    keep_songs_with_target(train, job, "train")
    validation = keep_songs_with_target(open_songs(job, "valid"), job, "valid")
    sampler = ChunkSampler(train, job.settings, job.channels, job.seed, read_rate(job))
    return TrainingData(sampler, validation)


def measure_spectrum(sampler: ChunkSampler, stft: Stft) -> Spectrum:
    """Return the spectrum of the first training chunks, channels averaged (METHOD 3).

    UserError if a chunk is shorter than one frame of the transform.
    """
    if sampler.samples < stft.n_fft:
        raise UserError(
            f"train.chunk_s is {sampler.settings.chunk_s:g} s, {sampler.samples} samples, but "
            f"options.n_fft is {stft.n_fft}; make the chunks longer."
        )
    steps = -(-_STATISTICS_CHUNKS // sampler.settings.batch_size)
    frames = torch.cat([_read_frames(sampler, stft, step) for step in range(steps)], dim=1)
    deviation, mean = torch.std_mean(frames, dim=1, correction=0)
    floor = _LEAST_DEVIATION * max(float(deviation.max()), float(np.finfo(np.float32).tiny))
    return Spectrum(mean.numpy(), deviation.clamp(min=floor).numpy())


def _read_frames(sampler: ChunkSampler, stft: Stft, step: int) -> torch.Tensor:
    mixture = sampler.draw_batch(step).mixture
    magnitude = stft.transform(mixture, center=False).abs().mean(dim=1)
    return magnitude.movedim(0, 1).flatten(1)
