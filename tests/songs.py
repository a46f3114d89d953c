"""Short songs of noise for the tests of scoring, and what to ask of their scores."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from iass.foundation.audio import FloatArray
from iass.scoring.frames import FrameGrid
from iass.scoring.song import Song, hold_song
from iass.scoring.table import Score

GRID = FrameGrid(4000, 4000, 8000)  # half a second at 8 kHz keeps museval quick


@dataclass(frozen=True)
class Noise:
    """Arrays (channels, samples) by target, to be changed before they become a song."""

    references: dict[str, FloatArray]
    estimates: dict[str, FloatArray]
    mixture: FloatArray

    def song(self, unscorable: Mapping[str, str] | None = None) -> Song:
        return hold_song(self.references, self.estimates, self.mixture, unscorable)


def make_noise(seed: int, channels: int = 2, samples: int = 12000) -> FloatArray:
    generator = np.random.default_rng(seed)
    return generator.standard_normal((channels, samples)).astype(np.float32)


def make_band(
    targets: int = 2, error: float = 0.1, channels: int = 2, samples: int = 12000
) -> Noise:
    """Return references of white noise and estimates with noise `error` times as strong."""
    references = {f"t{i}": make_noise(i, channels, samples) for i in range(targets)}
    noise = np.float32(error) * make_noise(9, channels, samples)
    estimates = {name: audio + noise for name, audio in references.items()}
    return Noise(references, estimates, np.sum(list(references.values()), axis=0))


def tabulate(scores: Sequence[Score]) -> pd.DataFrame:
    return pd.DataFrame([vars(score) for score in scores])


def pick(
    scores: Sequence[Score], target: str, metric: str, mask: str = "museval"
) -> NDArray[np.float64]:
    """Return the values of one target, metric and mask in their order."""
    wanted = (target, metric, mask)
    return np.array([s.value for s in scores if (s.target, s.metric, s.mask) == wanted])


def pick_reasons(
    scores: Sequence[Score], target: str, metric: str, mask: str = "museval"
) -> list[str]:
    wanted = (target, metric, mask)
    return [s.reason for s in scores if (s.target, s.metric, s.mask) == wanted]


def split_frames(audio: FloatArray, window: int = 4000) -> list[NDArray[np.float64]]:
    """Return whole frames as double precision, cut without the code under test."""
    doubled = audio.astype(np.float64)
    return [doubled[:, i : i + window] for i in range(0, audio.shape[1] - window + 1, window)]
