import os
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest
import yaml
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.signal import butter, lfilter, lfilter_zi
from shared_data import find_shared

from iass.foundation.audio import FloatArray, mix_channels, read_audio, write_wav
from iass.preparation.activity import (
    ACTIVE,
    LABEL_HOP,
    compute_activity,
    compute_confidences,
    compute_envelope,
    read_labels,
    write_labels,
)

RATE_HZ = 44100
MEDLEYDB_HOP = 2048  # samples; of the frames of MedleyDB's ACTIVATION_CONF files
MEDLEYDB_PATH = os.environ.get("MEDLEYDB_PATH", "")  # read before conftest hides it
MEDLEYDB_ENDS = 30  # frames at each end in which its first and its second release differ


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


def test_a_single_sample_is_active_around_itself() -> None:
    click = np.zeros((2, RATE_HZ), np.float32)
    click[0, 20 * LABEL_HOP] = 1e-3
    active = np.flatnonzero(compute_activity(click) >= ACTIVE)
    assert list(active) == [18, 19, 20, 21, 22]  # +-46 ms, the half of a label's frame


def test_half_a_wave_is_what_counts() -> None:
    click = np.zeros((1, RATE_HZ), np.float32)
    click[0, 20 * LABEL_HOP] = -1.0
    assert not compute_activity(click).any()


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


@pytest.mark.parametrize("samples", [440_000, 441_000])  # MedleyDB has 215 and 217 frames
def test_a_song_equals_a_plain_loop(tmp_path: Path, samples: int) -> None:
    """The comparison with published files, on a song and a file that the test writes itself."""
    stems = _play_song(samples)
    _write_song(tmp_path, "Some_Song", stems, _compute_as_medleydb(stems))
    names, published = _read_published(tmp_path / "Some_Song_ACTIVATION_CONF.lab")
    assert names == ["S01", "S02", "S03", "S04"]
    ours = _compute_as_published(tmp_path, "Some_Song", names, published.shape[1])
    np.testing.assert_allclose(ours, published, atol=2e-4)


@pytest.mark.parametrize(
    ("release", "track"),
    [
        ("v2", "LizNelson_Rainfall"),
        ("v2", "MusicDelta_Beatles"),
        ("v2", "MusicDelta_Rock"),
        ("original", "Phoenix_ScotchMorris"),
    ],
)
def test_our_confidences_are_those_that_medleydb_publishes(release: str, track: str) -> None:
    """To 0.0002: windows differ by a sample, files have 4 decimals. Ends: see MEDLEYDB_ENDS."""
    names, published = _read_published(_find_published(release, track))
    ours = _compute_as_published(_find_audio(track), track, names, published.shape[1])
    ends = MEDLEYDB_ENDS if release == "original" else 0
    inner = slice(ends, published.shape[1] - ends)
    np.testing.assert_allclose(ours[:, inner], published[:, inner], atol=2e-4)


def test_published_confidences_are_those_of_some_envelopes() -> None:
    """Without the audio: some envelopes of five stems give a published file to its last digit.

    Their existence rests on the filter, its ends, the logistic and the sum over the stems.
    """
    _, published = _read_published(_find_published("v2", "MusicDelta_Rock"))
    levels = np.stack([_find_levels(confidence, most=1.0) for confidence in published])
    assert levels.sum(axis=0).max() == pytest.approx(len(levels))
    envelopes = np.asarray(levels * 1e6, np.float32)  # far from the floor of silence
    np.testing.assert_allclose(compute_confidences(envelopes), published, atol=1e-4)


def test_published_levels_have_no_other_normalisation() -> None:
    """Neither do levels of all stems sum to at most 1, nor are those of every stem at most 1."""
    _, published = _read_published(_find_published("v2", "MusicDelta_Beatles"))
    levels = _invert_logistic(np.minimum(published, 0.9999))  # 1.0000 is any level above
    assert 4.8 < levels.sum(axis=0).max() < 8
    with pytest.raises(AssertionError, match="infeasible"):
        _find_levels(published[7], most=1.0)
    _find_levels(published[7], most=1.2)


@pytest.mark.parametrize("stem", [6, 7])  # they rest for 40 % of the song
def test_a_resting_stem_has_the_published_confidence(stem: int) -> None:
    _, published = _read_published(_find_published("v2", "MusicDelta_Beatles"))
    values, counts = np.unique(published[stem][published[stem] < 0.1], return_counts=True)
    ours = compute_confidences(np.array([[1, 1, 1], [0, 0, 0]], np.float32))[1]
    assert np.round(ours, 4) == pytest.approx(values[counts.argmax()])


@pytest.mark.parametrize(
    "track", ["LizNelson_Rainfall", "MusicDelta_Beatles", "MusicDelta_Rock", "Phoenix_ScotchMorris"]
)
def test_published_intervals_are_the_active_frames(track: str) -> None:
    """SOURCEID files: an instrument from its first to its last frame of at least one half."""
    names, published = _read_published(_find_published("original", track))
    metadata = find_shared(f"medleydb/Metadata/{track}_METADATA.yaml").read_text(encoding="utf-8")
    stems = yaml.safe_load(metadata)["stems"]
    lines = [
        f"{start},{end},{stems[name]['instrument']}"
        for name, confidence in zip(names, published, strict=True)
        for start, end in _list_intervals(confidence >= ACTIVE)
    ]
    path = find_shared(f"medleydb/annotations_sample/{track}_SOURCEID.lab")
    assert sorted(lines) == sorted(path.read_text().splitlines()[1:])


def _play_song(samples: int) -> list[FloatArray]:
    """Three stereo stems, silent for a second and fading out below the floor; a silent stem."""
    generator = np.random.default_rng(5)
    time_s = np.arange(samples) / RATE_HZ
    whole = np.where((time_s > 5) & (time_s < 6), 0, np.exp(-4 * np.maximum(time_s - 6, 0)))
    gates = [(time_s % 3 < 2) * 0.5, np.exp(-time_s / 2), (time_s > 4) * 0.02, 0 * time_s]
    song = [whole * gate * generator.standard_normal((2, samples)) * 0.2 for gate in gates]
    return [np.asarray(np.clip(stem, -1, 1), np.float32) for stem in song]


def _compute_as_medleydb(stems: Sequence[FloatArray]) -> NDArray[np.float64]:
    """MedleyDB's algorithm for a song: confidences (stems, frames), with its window and padding."""
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(1, 4097) / 4097)
    energies = []
    for stem in stems:
        signal = np.sqrt(np.maximum(stem.mean(axis=0, dtype=np.float64), 0))
        padded = np.concatenate([np.zeros(2048), signal, np.zeros(-(len(signal) + 2048) % 4096)])
        starts = range(0, len(padded) - 4095, MEDLEYDB_HOP)
        energies.append([np.mean(padded[i : i + 4096] * window) for i in starts])
    total = np.sum(energies, axis=0)
    level = np.where(total < 0.01, 0, len(stems) * np.array(energies) / total.max())
    smooth = np.stack([_filter_both_ways(row) for row in level])
    return np.asarray(1 - 1 / (1 + np.exp(20 * (smooth - 0.15))))


def _compute_as_published(folder: Path, track: str, names: list[str], rows: int) -> FloatArray:
    """Our confidences (stems, rows) of the stems `names`, at MedleyDB's hop, from mono."""
    envelopes = []
    for name in names:
        path = next(folder.rglob(f"{track}_STEM_{name[1:]}.wav"))
        audio = mix_channels(read_audio(path)[0], "mono")
        missing = max(0, (rows - 1) * MEDLEYDB_HOP - audio.shape[1])
        padded = np.pad(audio, ((0, 0), (0, missing)))[:, : rows * MEDLEYDB_HOP - 1]
        envelopes.append(compute_envelope(padded, MEDLEYDB_HOP))
    return compute_confidences(np.stack(envelopes))


def _write_song(
    folder: Path, track: str, stems: Sequence[FloatArray], confidences: NDArray[np.float64]
) -> None:
    """Write stems and confidences where and as MedleyDB has them."""
    for index, stem in enumerate(stems, start=1):
        name = f"{track}_STEM_{index:02}.wav"
        write_wav(folder / "V1" / track / f"{track}_STEMS" / name, stem, RATE_HZ)
    times_s = np.arange(confidences.shape[1]) * MEDLEYDB_HOP / RATE_HZ
    header = ",".join(["time", *(f"S{index:02}" for index in range(1, len(stems) + 1))])
    table = np.vstack([times_s, confidences]).T
    path = folder / f"{track}_ACTIVATION_CONF.lab"
    np.savetxt(path, table, fmt="%.4f", delimiter=",", header=header, comments="")


def _find_published(release: str, track: str) -> Path:
    return find_shared(f"medleydb/annotations_sample/{release}/{track}_ACTIVATION_CONF.lab")


def _read_published(path: Path) -> tuple[list[str], NDArray[np.float64]]:
    """Return stem names and confidences (stems, frames) of a file on MedleyDB's time grid."""
    header = path.read_text().split("\n", 1)[0].split(",")
    table = np.loadtxt(path, delimiter=",", skiprows=1).T
    times_s = np.arange(table.shape[1]) * MEDLEYDB_HOP / RATE_HZ
    np.testing.assert_allclose(table[0], times_s, atol=6e-5)  # 4 decimals
    return header[1:], table[1:]


def _find_audio(track: str) -> Path:
    if not MEDLEYDB_PATH:
        pytest.skip("needs MEDLEYDB_PATH, a folder with MedleyDB's audio")
    if not list(Path(MEDLEYDB_PATH).rglob(f"{track}_STEM_01.wav")):
        pytest.skip(f"MEDLEYDB_PATH holds no stems of {track}")
    return Path(MEDLEYDB_PATH)


def _invert_logistic(confidence: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(0.15 + np.log(confidence / (1 - confidence)) / 20)


def _find_levels(confidence: NDArray[np.float64], most: float) -> NDArray[np.float64]:
    """High levels (frames,) from 0 to `most` that, smoothed, are printed as these confidences."""
    impulses = np.eye(len(confidence))
    smooth = np.round(np.stack([_filter_both_ways(row) for row in impulses], axis=1), 9)
    lower = _invert_logistic(confidence - 5e-5)
    below_1 = confidence < 0.99995  # 1.0000 is any level above
    upper = _invert_logistic(confidence[below_1] + 5e-5)
    found = linprog(
        -np.ones(len(confidence)),
        A_ub=np.vstack([-smooth, smooth[below_1]]),
        b_ub=np.concatenate([-lower, upper]),
        bounds=(0, most),
    )
    assert found.success, found.message
    return np.asarray(found.x)


def _list_intervals(active: NDArray[np.bool_]) -> list[tuple[str, str]]:
    """Return the times of the first and the last frame of every run, as they are printed."""
    runs = [list(run) for plays, run in groupby(range(len(active)), lambda i: active[i]) if plays]
    times = [f"{frame * MEDLEYDB_HOP / RATE_HZ:.4f}" for frame in range(len(active))]
    return [(times[run[0]], times[run[-1]]) for run in runs]


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
