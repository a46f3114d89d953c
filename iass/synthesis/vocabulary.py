"""Words that every room of the synthesiser shares: stems, the sample rate, notes and bends."""

from dataclasses import dataclass

import numpy as np

STEMS: tuple[str, ...] = (
    "vocals",
    "drums",
    "bass",
    "electric_guitar",
    "acoustic_guitar",
    "piano",
    "ensemble",
)
RATE_HZ = 44100


@dataclass(frozen=True)
class Hit:
    """A written note: `beat` and `length` in beats from the start of its section, `pitch` a MIDI
    number, `strength` from 0 to 1.
    """

    beat: float
    length: float
    pitch: int
    strength: float


@dataclass(frozen=True)
class Note:
    """A played note: `start_s` and `end_s` in seconds of the song, MIDI `pitch` and `velocity`."""

    start_s: float
    end_s: float
    pitch: int
    velocity: int


@dataclass(frozen=True)
class Bend:
    """From `time_s` (seconds) on, a stem sounds `semitones` away from its written pitch."""

    time_s: float
    semitones: float


def make_rng(seed: int, *path: int) -> np.random.Generator:
    """Return the generator of one decision; distinct `path`s give independent streams."""
    return np.random.default_rng([seed, *path])
