from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, lfilter, lfilter_zi

from iass.preparation.activity import (
    ACTIVE,
    LABEL_HOP,
    compute_activity,
    read_labels,
    write_labels,
)

RATE_HZ = 44100


def _tone(seconds: float) -> NDArray[np.float32]:
    time_s = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    return (0.5 * np.sin(2 * np.pi * 220 * time_s))[None].astype(np.float32)


def _tone_in_the_middle() -> NDArray[np.float32]:
    """One second of silence, two of tone, one of silence."""
    silence = np.zeros((1, RATE_HZ), np.float32)
    return np.concatenate([silence, _tone(2.0), silence], axis=1)


def test_activity_follows_the_sound() -> None:
    active = compute_activity(_tone_in_the_middle()) >= ACTIVE
    time_s = np.arange(len(active)) * LABEL_HOP / RATE_HZ
    assert active[(time_s > 1.1) & (time_s < 2.9)].all()
    assert not active[(time_s < 0.8) | (time_s > 3.2)].any()


def test_the_label_starts_where_the_sound_starts() -> None:
    active = compute_activity(_tone_in_the_middle()) >= ACTIVE
    first = int(np.argmax(active)) * LABEL_HOP / RATE_HZ
    assert first == pytest.approx(1.0, abs=0.15)  # the smoothing reaches 1.6 Hz, both ways


def test_silence_is_inactive() -> None:
    assert not compute_activity(np.zeros((2, RATE_HZ), np.float32)).any()


def test_loudness_does_not_matter() -> None:
    song = _tone_in_the_middle()
    np.testing.assert_allclose(compute_activity(song * 1e-4), compute_activity(song), atol=1e-5)


def test_an_anti_phase_stem_is_active() -> None:
    tone = _tone(1.0)
    activity = compute_activity(np.concatenate([tone, -tone]))
    assert (activity[10:30] >= ACTIVE).all()


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (1023, 1), (1024, 2), (44100, 44)])
def test_frames_are_centred_on_the_hop(samples: int, frames: int) -> None:
    activity = compute_activity(np.ones((1, samples), np.float32))
    assert activity.shape == (frames,)
    assert np.isfinite(activity).all()


def test_the_algorithm_equals_a_plain_loop() -> None:
    """The MedleyDB algorithm once more, frame by frame, with a low-pass of two plain passes."""
    audio = _tone_in_the_middle() * np.linspace(0.1, 1.0, 4 * RATE_HZ, dtype=np.float32)
    signal = np.sqrt(np.maximum(audio[0].astype(np.float64), 0.0))
    padded = np.concatenate([np.zeros(2048), signal, np.zeros(2048)])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(4096) / 4095)
    starts = range(0, len(padded) - 4096 + 1, 1024)
    envelope = np.array([(padded[i : i + 4096] * window).sum() for i in starts])
    envelope = envelope / envelope.max()
    envelope[envelope < 0.01] = 0.0
    expected = 1 / (1 + np.exp(-20.0 * (_filter_both_ways(envelope) - 0.15)))
    np.testing.assert_allclose(compute_activity(audio), expected, atol=1e-4)


def _filter_both_ways(envelope: NDArray[np.float64]) -> NDArray[np.float64]:
    b, a = butter(2, 0.075)
    head = 2 * envelope[0] - envelope[9:0:-1]
    tail = 2 * envelope[-1] - envelope[-2:-11:-1]
    extended = np.concatenate([head, envelope, tail])
    start = lfilter_zi(b, a)
    forward, _ = lfilter(b, a, extended, zi=start * extended[0])
    backward, _ = lfilter(b, a, forward[::-1], zi=start * forward[-1])
    return np.asarray(backward[::-1][9:-9])


def test_labels_come_back_by_track(tmp_path: Path) -> None:
    path = tmp_path / "labels.parquet"
    rising = np.linspace(0, 1, 5, dtype=np.float32)
    labels = {("Öje", "bass"): rising, ("Öje", "drums"): rising[::-1], ("b", "bass"): rising[:2]}
    write_labels(path, labels)
    bass = read_labels(path, "bass")
    assert list(bass) == ["Öje", "b"]
    np.testing.assert_array_equal(bass["Öje"], rising)
    np.testing.assert_array_equal(bass["b"], rising[:2])


def test_a_target_without_labels_has_no_tracks(tmp_path: Path) -> None:
    write_labels(tmp_path / "labels.parquet", {})
    assert read_labels(tmp_path / "labels.parquet", "piano") == {}
