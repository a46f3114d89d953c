"""Instrument-activity labels by MedleyDB's activation algorithm (METHOD section 2).

The envelope of a whole stem is normalised by its maximum, smoothed, and passed through a logistic
function; a frame is active where the confidence is at least one half. MedleyDB normalises across
the stems of a song instead: its published confidences are what `compute_confidences` gives.
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

_FLOOR = 0.01  # frames in which the envelopes sum to less are silent
_CUTOFF = 0.075  # of the Nyquist frequency of the frame rate
_STEEPNESS = 20.0  # lambda of the logistic
_MIDPOINT = 0.15  # theta of the logistic


def compute_activity(audio: FloatArray) -> FloatArray:
    """Return the activity confidence (frames,), 0 to 1, of a whole stem (channels, samples).

    Frame i is centred at sample i * LABEL_HOP; there are samples // LABEL_HOP + 1 frames. A
    silent stem has confidence 0 throughout. The stem is brought to an envelope of maximum 1
    first, so that its loudness does not matter.
    """
    envelope = compute_envelope(audio)
    loudest = envelope.max() or 1.0
    return compute_confidences(envelope[None] / loudest).ravel()


def compute_envelope(audio: FloatArray, hop: int = LABEL_HOP) -> FloatArray:
    """Return the envelope (frames,) of a stem (channels, samples), a frame every `hop` samples.

    Half-wave rectified, square-root compressed, weighted by a Hann window; a constant 1 has 0.5,
    the window's mean, as in MedleyDB. Rectified per channel, so that a stem in anti-phase does
    not count as silent; MedleyDB mixes a stem to mono first.
    """
    half = LABEL_FRAME // 2
    padded = np.pad(_compress(audio), (half, half))
    frames = sliding_window_view(padded, LABEL_FRAME)[::hop]
    window = np.hanning(LABEL_FRAME).astype(np.float32)
    return np.asarray(frames @ (0.5 * window / window.sum()), dtype=np.float32)


def compute_confidences(envelopes: FloatArray) -> FloatArray:
    """Return the confidences (stems, frames) of a song's stems from their envelopes, alike.

    Normalised across the stems, as MedleyDB's ACTIVATION_CONF files are (hop 2048): the mean over
    the stems is 1 in the loudest frame. A frame in which the envelopes sum to less than 0.01 is
    silent. A silent stem beside others has 0.047, the logistic of 0; a silent song 0.
    """
    total = envelopes.sum(axis=0)
    if not total.any():
        return np.zeros_like(envelopes)
    levels = len(envelopes) * envelopes / total.max()
    levels[:, total < _FLOOR] = 0.0
    smooth = _smooth(levels)
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


def _compress(audio: FloatArray) -> FloatArray:
    """Square root of the rectified signal, mean over the channels (samples,); one at a time."""
    total = np.zeros(audio.shape[1], np.float32)
    for channel in audio:
        rectified = np.maximum(channel, 0.0)
        total += np.sqrt(rectified, out=rectified)
    return np.asarray(total / len(audio), np.float32)


def _smooth(levels: FloatArray) -> FloatArray:
    """Second-order Butterworth low-pass over the frames, forward and backward."""
    numerator, denominator = butter(2, _CUTOFF)
    padding = min(3 * max(len(numerator), len(denominator)), levels.shape[-1] - 1)
    return np.asarray(filtfilt(numerator, denominator, levels, padlen=padding))
