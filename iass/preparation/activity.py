"""Instrument-activity labels by MedleyDB's activation algorithm (METHOD section 2).

The envelope of a whole stem is normalised by its maximum, smoothed, and passed through a logistic
function; a frame is active where the confidence is at least one half.
"""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.signal import butter, filtfilt

from iass.foundation.audio import FloatArray
from iass.foundation.files import replace_file

LABEL_FRAME = 4096  # samples; 93 ms at 44.1 kHz (METHOD section 2)
LABEL_HOP = 1024  # samples; 23 ms at 44.1 kHz (METHOD section 2)
ACTIVE = 0.5  # confidence from which a frame counts as active (METHOD section 2)

_FLOOR = 0.01  # envelopes whose sum over stems is below count as silence
_CUTOFF = 0.075  # of the Nyquist frequency of the frame rate
_STEEPNESS = 20.0  # lambda of the logistic
_MIDPOINT = 0.15  # theta of the logistic


def compute_activity(audio: FloatArray) -> FloatArray:
    """Return the activity confidence (frames,), 0 to 1, of a whole stem (channels, samples).

    Frame i is centred at sample i * LABEL_HOP; there are samples // LABEL_HOP + 1 frames. A
    silent stem has confidence 0 throughout.
    """
    envelope = _compute_envelope(audio)
    peak = envelope.max()
    if peak == 0.0:
        return np.zeros(len(envelope), np.float32)
    envelope = envelope / peak
    envelope[envelope < _FLOOR] = 0.0
    smooth = _smooth(envelope)
    return np.asarray(1.0 / (1.0 + np.exp(-_STEEPNESS * (smooth - _MIDPOINT))), np.float32)


def write_labels(path: Path, labels: Mapping[tuple[str, str], FloatArray]) -> None:
    """Write confidences by (track, target) as a tidy table: track, target, frame, confidence."""
    tables = [
        pd.DataFrame(
            {
                "track": track,
                "target": target,
                "frame": np.arange(len(confidence), dtype=np.int32),
                "confidence": confidence,
            }
        )
        for (track, target), confidence in labels.items()
    ]
    columns = ["track", "target", "frame", "confidence"]
    table = pd.concat(tables) if tables else pd.DataFrame(columns=columns)
    with replace_file(path) as temporary:
        table.to_parquet(temporary, index=False)


def read_labels(path: Path, target: str) -> dict[str, FloatArray]:
    """Return the confidences (frames,) of one target by track id."""
    return _read_by(path, "track", ("target", "==", target))


def read_track_labels(path: Path, track: str) -> dict[str, FloatArray]:
    """Return the confidences (frames,) of one track by target."""
    return _read_by(path, "target", ("track", "==", track))


def _read_by(path: Path, key: str, where: tuple[str, str, str]) -> dict[str, FloatArray]:
    table = pd.read_parquet(path, filters=[where])
    return {
        str(name): rows["confidence"].to_numpy(np.float32)
        for name, rows in table.groupby(key, sort=False)
    }


def _compute_envelope(audio: FloatArray) -> FloatArray:
    """Half-wave rectified, square-root compressed, Hann-weighted mean per frame.

    Rectified per channel, so that a stem in anti-phase does not count as silent.
    """
    compressed = np.sqrt(np.maximum(audio, 0.0)).mean(axis=0)
    half = LABEL_FRAME // 2
    padded = np.pad(compressed, (half, half))
    frames = sliding_window_view(padded, LABEL_FRAME)[::LABEL_HOP]
    window = np.hanning(LABEL_FRAME).astype(np.float32)
    return np.asarray(frames @ (window / window.sum()), dtype=np.float32)


def _smooth(envelope: FloatArray) -> FloatArray:
    """Second-order Butterworth low-pass, forward and backward."""
    numerator, denominator = butter(2, _CUTOFF)
    padding = min(3 * max(len(numerator), len(denominator)), len(envelope) - 1)
    return np.asarray(filtfilt(numerator, denominator, envelope, padlen=padding))
