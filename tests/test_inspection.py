from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
import soundfile

from iass.foundation.audio import FloatArray
from iass.foundation.card import TrackFiles
from iass.preparation.inspection import Finding, Kind, Severity, format_findings, inspect_track

RATE_HZ = 44100
SAMPLES = 4410  # 0.1 s


def _make(seed: int, channels: int = 2, samples: int = SAMPLES) -> FloatArray:
    """Return quiet noise, whole multiples of 2^-15, so that 16 bits hold it and its sums."""
    rng = np.random.default_rng(seed)
    return (rng.integers(-3000, 3000, (channels, samples)) / 32768).astype(np.float32)


def _write(path: Path, audio: FloatArray, rate_hz: int = RATE_HZ, subtype: str = "PCM_16") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(str(path), audio.T, rate_hz, subtype=subtype)
    return path


def _track(
    folder: Path, audio: Mapping[str, FloatArray], flags: tuple[str, ...] = ()
) -> TrackFiles:
    """Write 16-bit files; what is called mixture becomes it."""
    paths = {name: _write(folder / f"{name}.wav", samples) for name, samples in audio.items()}
    return _list(paths, flags)


def _list(paths: Mapping[str, Path], flags: tuple[str, ...] = ()) -> TrackFiles:
    stems = {name: path for name, path in paths.items() if name != "mixture"}
    return TrackFiles(
        id="Öje - Song",
        title="Song",
        artist="Öje",
        split="test",
        stems=stems,
        mixture=paths.get("mixture"),
        flags=flags,
    )


def _find(files: TrackFiles) -> list[tuple[Kind, Severity]]:
    return [(finding.what, finding.severity) for finding in inspect_track(files)]


def _find_one(files: TrackFiles, what: Kind, severity: Severity) -> str:
    """Check that there is one finding, of this kind, and return its sentence."""
    (finding,) = inspect_track(files)
    assert (finding.track, finding.what, finding.severity) == ("Öje - Song", what, severity)
    return finding.sentence


def test_a_good_track_has_no_finding(tmp_path: Path) -> None:
    bass, drums = _make(1), _make(2)
    audio = {"bass": bass, "drums": drums, "mixture": bass + drums}
    assert inspect_track(_track(tmp_path / "Öje, 'Jokers' & M.E.R.C.", audio)) == []


def test_a_track_whose_mixture_is_the_sum_by_rule_has_no_finding(tmp_path: Path) -> None:
    assert inspect_track(_track(tmp_path, {"bass": _make(1), "drums": _make(2)})) == []


def test_another_rate_is_an_error(tmp_path: Path) -> None:
    paths = {name: _write(tmp_path / f"{name}.wav", _make(1), 48000) for name in ("a", "b")}
    sentence = _find_one(_list(paths), "rate", "error")
    assert sentence == "48000 Hz (a, b); the benchmark works at 44100 Hz: resample"


def test_rates_that_differ_are_listed_and_the_sum_is_left_alone(tmp_path: Path) -> None:
    paths = {
        "bass": _write(tmp_path / "bass.wav", _make(1)),
        "drums": _write(tmp_path / "drums.wav", _make(2), 48000),
        "mixture": _write(tmp_path / "mixture.wav", _make(3)),
    }
    assert "44100 Hz (bass, mixture), 48000 Hz (drums)" in _find_one(_list(paths), "rate", "error")


def test_mono_is_a_note_and_adds_to_both_channels(tmp_path: Path) -> None:
    bass, drums = _make(1, channels=1), _make(2)
    files = _track(tmp_path, {"bass": bass, "drums": drums, "mixture": bass + drums})
    assert _find_one(files, "channels", "note") == "mono (bass), stereo (drums, mixture)"


def test_more_than_two_channels_are_an_error(tmp_path: Path) -> None:
    files = _track(tmp_path, {"a": _make(1, channels=3), "mixture": _make(2)})
    assert "3 channels (a), stereo (mixture)" in _find_one(files, "channels", "error")


@pytest.mark.parametrize(
    ("subtype", "severity"), [("PCM_24", "note"), ("FLOAT", "note"), ("PCM_U8", "warning")]
)
def test_a_depth_other_than_16_bits_is_told(
    tmp_path: Path, subtype: str, severity: Severity
) -> None:
    paths = {
        "bass": _write(tmp_path / "bass.wav", _make(1), subtype=subtype),
        "drums": _write(tmp_path / "drums.wav", _make(2)),
    }
    assert _find_one(_list(paths), "depth", severity) == f"{subtype} (bass), PCM_16 (drums)"


def test_lengths_that_differ_are_told_in_samples_and_seconds(tmp_path: Path) -> None:
    bass, drums = _make(1), _make(2, samples=SAMPLES - 441)
    mixture = bass + np.pad(drums, ((0, 0), (0, 441)))
    files = _track(tmp_path, {"bass": bass, "drums": drums, "mixture": mixture})
    assert _find_one(files, "length", "error") == (
        "4410 samples (0.100 s) (bass, mixture), 3969 samples (0.090 s) (drums): "
        "441 samples (0.010 s) apart; pad or trim"
    )


def test_a_silent_stem_is_a_warning(tmp_path: Path) -> None:
    files = _track(tmp_path, {"bass": _make(1), "piano": np.zeros((2, SAMPLES), np.float32)})
    assert _find_one(files, "silence", "warning") == "piano is silent: every sample is zero"


def test_one_sample_in_a_later_block_is_no_silence(tmp_path: Path) -> None:
    audio = np.zeros((2, 300_000), np.float32)
    audio[0, -1] = 2**-15
    assert inspect_track(_track(tmp_path, {"bass": audio})) == []


def test_a_stem_in_anti_phase_is_not_silent_but_lost_in_mono(tmp_path: Path) -> None:
    one = _make(1, channels=1)
    files = _track(tmp_path, {"bass": np.concatenate([one, -one])})
    assert "bass cancels in mono: (L+R)/2 is inf dB below" in _find_one(files, "phase", "warning")


@pytest.mark.parametrize(("difference", "expected"), [(0.0009, ["phase"]), (0.0011, [])])
def test_a_stem_is_lost_in_mono_from_60_db(
    tmp_path: Path, difference: float, expected: list[Kind]
) -> None:
    one = _make(1, channels=1)
    path = tmp_path / "bass.wav"
    both = np.concatenate([one, -one * (1 - 2 * difference)])  # the mean is difference * one
    _write(path, both, subtype="FLOAT")
    found = [what for what, _ in _find(_list({"bass": path}))]
    assert found == ["depth", *expected]


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_nan_is_an_error_that_names_stem_and_sample(tmp_path: Path, value: float) -> None:
    audio = _make(1)
    audio[1, 17] = value
    path = _write(tmp_path / "bass.wav", audio, subtype="FLOAT")
    drums = _write(tmp_path / "drums.wav", _make(2), subtype="FLOAT")
    findings = inspect_track(_list({"bass": path, "mixture": drums}))
    assert [f.what for f in findings] == ["depth", "samples"]
    assert findings[1].severity == "error"
    assert findings[1].sentence.startswith("bass: ")
    assert "at sample 17" in findings[1].sentence


def test_runs_at_full_scale_are_counted_as_clipped(tmp_path: Path) -> None:
    audio = _make(1)
    top = 32767 / 32768
    audio[0, 10:13] = top  # the shortest run
    audio[1, 10:12] = top  # too short
    audio[1, 20:25] = -1.0
    sentence = _find_one(_track(tmp_path, {"bass": audio}), "clipping", "note")
    assert sentence == "bass is at full scale for 3 samples or more in 2 places"


def test_two_loud_samples_are_no_clipping_even_in_the_shortest_file(tmp_path: Path) -> None:
    audio = np.full((2, 2), -1.0, np.float32)
    assert inspect_track(_track(tmp_path, {"bass": audio})) == []


@pytest.mark.parametrize(("error_db", "found"), [(-29.9, ["sum"]), (-30.1, [])])
def test_stems_that_do_not_sum_to_the_mixture_are_a_warning_from_30_db(
    tmp_path: Path, error_db: float, found: list[Kind]
) -> None:
    bass = _make(1)
    paths = {
        "bass": _write(tmp_path / "bass.wav", bass),
        "mixture": _write(
            tmp_path / "mix.wav", bass / (1 + 10 ** (error_db / 20)), subtype="FLOAT"
        ),
    }
    findings = [f for f in inspect_track(_list(paths)) if f.what != "depth"]
    assert [f.what for f in findings] == found
    assert all("at -29.9 dB of it" in f.sentence for f in findings)


def test_a_stem_with_the_wrong_sign_is_heard_in_the_sum(tmp_path: Path) -> None:
    bass = _make(1)
    sentence = _find_one(_track(tmp_path, {"bass": -bass, "mixture": bass}), "sum", "warning")
    assert "at +6.0 dB of it" in sentence  # the residual is twice the mixture


def test_a_fault_in_one_channel_only_is_heard_in_the_sum(tmp_path: Path) -> None:
    bass = np.repeat(_make(1, channels=1), 2, axis=0)
    mixture = bass * np.array([[2.0], [1.0]], np.float32)
    sentence = _find_one(_track(tmp_path, {"bass": bass, "mixture": mixture}), "sum", "warning")
    assert "at -7.0 dB of it" in sentence  # 1 of 1 + 4


def test_a_silent_mixture_of_sounding_stems_is_told(tmp_path: Path) -> None:
    files = _track(tmp_path, {"bass": _make(1), "mixture": np.zeros((2, SAMPLES), np.float32)})
    assert _find(files) == [("silence", "warning"), ("sum", "warning")]


def test_all_silent_is_silence_and_no_more(tmp_path: Path) -> None:
    silence = np.zeros((2, SAMPLES), np.float32)
    files = _track(tmp_path, {"bass": silence, "mixture": silence})
    assert _find(files) == [("silence", "warning")] * 2


def test_a_missing_file_is_named_and_the_others_are_still_read(tmp_path: Path) -> None:
    paths = {
        "bass": tmp_path / "bäss.wav",
        "drums": _write(tmp_path / "drums.wav", _make(1), 48000),
        "mixture": _write(tmp_path / "mixture.wav", _make(2), 48000),
    }
    findings = inspect_track(_list(paths))
    assert [f.what for f in findings] == ["file", "rate"]
    assert findings[0].sentence.startswith(f"bass: {tmp_path / 'bäss.wav'} does not exist")


@pytest.mark.parametrize("content", [b"", b"no audio", b"RIFF"])
def test_an_unreadable_file_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bass.wav").write_bytes(content)
    sentence = _find_one(_list({"bass": tmp_path / "bass.wav"}), "file", "error")
    assert "bass.wav cannot be read as audio" in sentence


def test_a_file_without_samples_is_an_error(tmp_path: Path) -> None:
    path = _write(tmp_path / "bass.wav", np.zeros((2, 0), np.float32))
    assert "holds no samples" in _find_one(_list({"bass": path}), "file", "error")


def test_a_flac_cut_in_the_middle_is_an_error(tmp_path: Path) -> None:
    path = _write(tmp_path / "bass.flac", _make(1, samples=100_000))
    path.write_bytes(path.read_bytes()[:100_000])
    assert _find(_list({"bass": path})) == [("samples", "error")]


def test_a_track_without_stems_is_an_error(tmp_path: Path) -> None:
    assert _find(_list({})) == [("file", "error")]
    files = _track(tmp_path, {"mixture": _make(1)})
    assert ("file", "error") in _find(files)


def test_known_defects_of_the_card_are_notes(tmp_path: Path) -> None:
    files = _track(tmp_path, {"bass": _make(1)}, flags=("bleed", "erratum: left channel"))
    assert [f.sentence for f in inspect_track(files)] == [
        "known defect: bleed",
        "known defect: erratum: left channel",
    ]


def test_no_finding_is_one_line() -> None:
    assert format_findings([], 150) == "150 tracks checked: 0 errors, 0 warnings, 0 notes"


def test_the_worst_tracks_come_first_and_findings_stand_by_track() -> None:
    findings = [
        Finding("Ärger", "depth", "note", "PCM_24 (bass)"),
        Finding("B", "flag", "note", "known defect: bleed"),
        Finding("B", "length", "error", "too short"),
        Finding("Ärger", "silence", "warning", "bass is silent"),
    ]
    assert format_findings(findings, 1) == (
        "1 track checked: 1 error, 1 warning, 2 notes\n"
        "B\n"
        "  error    length    too short\n"
        "  note     flag      known defect: bleed\n"
        "Ärger\n"
        "  warning  silence   bass is silent\n"
        "  note     depth     PCM_24 (bass)"
    )


def test_a_long_list_ends_with_a_count_of_the_rest() -> None:
    findings = [Finding(f"t{n}", "silence", "warning", "x") for n in range(40)]
    lines = format_findings(findings, 40).splitlines()
    assert len(lines) == 50
    assert lines[-1] == "and 16 findings more in 16 tracks"
    assert lines[-2] == "  warning  silence   x"
    assert lines[-3] == "t23"
