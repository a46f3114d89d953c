"""Levels: stems balanced as in pop music, and a mixture that is their exact sum in 16 bits."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from iass.synthesis.effects import Audio
from iass.synthesis.vocabulary import RATE_HZ

# Level of each stem while it sounds, in dB, near the balance of the study (DEMO): the median input
# SDR of one-second frames is about -3 dB for vocals, -5 drums, -6 bass, -7 to -8 dB the others.
LEVEL_DB = {
    "vocals": -3.1,
    "drums": -4.2,
    "bass": -6.1,
    "electric_guitar": -6.6,
    "acoustic_guitar": -7.4,
    "piano": -7.3,
    "ensemble": -6.2,
}
LEVEL_SPREAD_DB = 1.0  # standard deviation from song to song
FRAME_S = 0.1
SOUNDING_BELOW_PEAK_DB = 30.0  # quieter frames do not count as sounding
PEAK_DB = (-3.0, -1.0)  # full scale of the mixture, drawn from this range
FULL_SCALE = 32768


def balance_stems(stems: Mapping[str, Audio], rng: np.random.Generator) -> dict[str, Audio]:
    """Scale each stem (channels, samples) to its level while it sounds; silent ones stay silent."""
    spread_db = dict(zip(LEVEL_DB, LEVEL_SPREAD_DB * rng.normal(size=len(LEVEL_DB)), strict=True))
    return {
        name: audio * _find_gain(audio, LEVEL_DB[name] + spread_db[name])
        for name, audio in stems.items()
    }


def quantise_stems(
    stems: Mapping[str, Audio], peak_db: float
) -> tuple[dict[str, NDArray[np.int16]], NDArray[np.int16]]:
    """Return the stems in 16 bits and their exact sum, whose peak is `peak_db` of full scale.

    Neither the sum nor any stem clips. All arrays are (channels, samples).
    """
    total = np.sum(list(stems.values()), axis=0)
    loudest = max(float(np.abs(audio).max()) for audio in (total, *stems.values()))
    scale = np.float32(10 ** (peak_db / 20) * FULL_SCALE / max(loudest, 1e-9))
    ints = {name: np.rint(audio * scale).astype(np.int16) for name, audio in stems.items()}
    return ints, np.sum(list(ints.values()), axis=0, dtype=np.int16)


def draw_peak_db(rng: np.random.Generator) -> float:
    """Draw the peak of a mixture in dB of full scale."""
    return float(rng.uniform(*PEAK_DB))


def _find_gain(audio: Audio, level_db: float) -> np.float32:
    frame = round(FRAME_S * RATE_HZ)
    whole = audio[:, : audio.shape[1] // frame * frame].reshape(2, -1, frame)
    power = np.mean(np.square(whole), axis=(0, 2))
    if not power.max() > 0:
        return np.float32(0)
    sounding = power[power > power.max() * 10 ** (-SOUNDING_BELOW_PEAK_DB / 10)]
    return np.float32(10 ** (level_db / 20) / np.sqrt(sounding.mean()))
