"""Cutting what is heard: a clip, its level, a stretch of a curve."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iass.foundation.audio import FloatArray
from iass.foundation.files import write_bytes
from iass.foundation.mp3 import encode_mp3
from iass.reporting.listen.content import Curve

MOST_GAIN_DB = 24.0  # more would lift what is nearly silent to the noise of its MP3
_DIGITS = 3  # of a curve: more than a screen shows
_DECIBEL_DIGITS = 2  # of a gain: more than an ear hears


def write_clip(path: Path, audio: FloatArray, rate_hz: int, quality: int) -> None:
    """Write (channels, samples) as an MP3 of LAME's quality."""
    write_bytes(path, encode_mp3(audio, rate_hz, quality))


def measure_level(audio: FloatArray) -> float | None:
    """Return the mean square of (channels, samples) in dB of full scale; None for silence."""
    power = float(np.mean(np.square(audio, dtype=np.float64)))
    return 10 * math.log10(power) if power > 0 else None


def match_level(own_db: float | None, level_db: float | None) -> float:
    """Return the gain (dB) that brings a clip to the level of its reference; None is silence.

    Not above MOST_GAIN_DB; 0 where either is silent. A clip may then be above full scale: the page
    turns all rows down by as much.
    """
    if own_db is None or level_db is None:
        return 0.0
    return round(min(level_db - own_db, MOST_GAIN_DB), _DECIBEL_DIGITS)


def cut_curve(
    values: NDArray[np.floating] | Sequence[float],
    hop: float,
    start: int,
    length: int,
    rate_hz: int,
) -> Curve:
    """Return what a curve says of `length` samples from `start`; its value i is at i * hop.

    Values are brought into 0 to 1, as a curve's are.
    """
    first = round(start / hop)
    part = np.asarray(values, np.float64)[first : first + math.ceil(length / hop)]
    return Curve(hop / rate_hz, tuple(np.clip(part, 0.0, 1.0).round(_DIGITS).tolist()))
