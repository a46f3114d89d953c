import os
from pathlib import Path

import numpy as np
import pytest
import soundfile
from full_disk import limit_file_size

from iass.foundation.audio import (
    check_finite,
    mix_channels,
    probe_audio,
    read_audio,
    read_pcm16,
    resample,
    stream_audio,
    write_wav,
)
from iass.foundation.errors import UserError

RATE_HZ = 44100


def test_float_audio_survives_bit_for_bit(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32) * 3
    write_wav(tmp_path / "Öje & Co. v1.2.wav", audio, RATE_HZ)
    again, rate_hz = read_audio(tmp_path / "Öje & Co. v1.2.wav")
    assert rate_hz == RATE_HZ
    np.testing.assert_array_equal(again, audio)


def test_integers_survive_and_full_scale_is_32768(tmp_path: Path) -> None:
    audio = np.array([[-32768, -1, 0, 16384, 32767]], np.int16)
    write_wav(tmp_path / "a.wav", audio, RATE_HZ)
    np.testing.assert_array_equal(read_pcm16(tmp_path / "a.wav"), audio)
    floats, _ = read_audio(tmp_path / "a.wav")
    np.testing.assert_allclose(floats, [[-1, -1 / 32768, 0, 0.5, 32767 / 32768]], rtol=0)


def test_mono_is_the_mean_not_the_sum() -> None:
    audio = np.array([[1.0, 0.5], [0.0, -0.5]], np.float32)
    np.testing.assert_array_equal(mix_channels(audio, "mono"), [[0.5, 0.0]])


def test_a_mono_file_fills_both_channels() -> None:
    audio = np.array([[0.25, 0.5]], np.float32)
    np.testing.assert_array_equal(mix_channels(audio, "stereo"), [[0.25, 0.5], [0.25, 0.5]])


def test_the_header_is_told(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros((2, 17), np.int16), 48000)
    info = probe_audio(tmp_path / "a.wav")
    assert (info.rate_hz, info.channels, info.samples, info.subtype) == (48000, 2, 17, "PCM_16")


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_bad_sample_is_refused_with_its_place(tmp_path: Path, bad: float) -> None:
    audio = np.zeros((2, 50), np.float32)
    audio[1, 31] = bad
    write_wav(tmp_path / "vocals.wav", audio, RATE_HZ)
    with pytest.raises(UserError, match=r"vocals\.wav .* sample 31"):
        read_audio(tmp_path / "vocals.wav")


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    write_wav(tmp_path / "empty.wav", np.zeros((2, 0), np.float32), RATE_HZ)
    with pytest.raises(UserError, match=r"empty\.wav holds no samples"):
        read_audio(tmp_path / "empty.wav")


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all"])
def test_a_broken_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "broken.wav").write_bytes(content)
    with pytest.raises(UserError, match=r"broken\.wav cannot be read"):
        read_audio(tmp_path / "broken.wav")


def test_a_missing_file_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.wav does not exist"):
        read_audio(tmp_path / "nowhere.wav")


def test_finite_audio_passes() -> None:
    check_finite(np.ones((2, 3), np.float32), "a")


def test_resampling_keeps_a_tone_and_the_duration() -> None:
    time_s = np.arange(48000) / 48000
    tone = np.sin(2 * np.pi * 1000 * time_s)[None].astype(np.float32)
    resampled = resample(tone, 48000, 44100)
    expected = np.sin(2 * np.pi * 1000 * np.arange(44100) / 44100)
    assert resampled.shape == (1, 44100)
    np.testing.assert_allclose(resampled[0, 2000:-2000], expected[2000:-2000], atol=1e-3)


def test_the_same_rate_is_left_alone() -> None:
    audio = np.ones((1, 5), np.float32)
    assert resample(audio, 44100, 44100) is audio


def test_any_part_of_a_stream_is_that_part_of_the_file(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).standard_normal((2, 1000)).astype(np.float32)
    write_wav(tmp_path / "a.wav", audio, RATE_HZ)
    with stream_audio(tmp_path / "a.wav") as stream:
        assert stream.info == probe_audio(tmp_path / "a.wav")
        for start, stop in ((700, 1000), (0, 1), (3, 900), (5, 5)):
            np.testing.assert_array_equal(stream.read(start, stop), audio[:, start:stop])


def test_a_bad_sample_in_a_stream_has_its_place_in_the_file(tmp_path: Path) -> None:
    audio = np.zeros((1, 50), np.float32)
    audio[0, 31] = np.nan
    write_wav(tmp_path / "a.wav", audio, RATE_HZ)
    with stream_audio(tmp_path / "a.wav") as stream:
        assert stream.read(0, 31).shape == (1, 31)
        with pytest.raises(UserError, match=r"a\.wav .* sample 31"):
            stream.read(20, 40)


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path: Path) -> None:
    write_wav(tmp_path / "a.wav", np.zeros((1, 100_000), np.float32), RATE_HZ)
    with stream_audio(tmp_path / "a.wav") as stream:
        os.truncate(tmp_path / "a.wav", 200_000)
        with pytest.raises(UserError, match=r"a\.wav cannot be read as audio .* of 100000"):
            stream.read(0, 100_000)


@pytest.mark.parametrize("content", [None, b"", b"RIFF"])
def test_a_stream_of_no_audio_is_refused_by_name(tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "a.wav").write_bytes(content)
    with pytest.raises(UserError, match=r"a\.wav"), stream_audio(tmp_path / "a.wav"):
        pass


@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("most", [0, 50, 1000])  # bytes: no header, a part of it, of the samples
def test_a_full_disk_is_a_sentence_at_any_byte_of_a_file(
    tmp_path: Path, most: int, dtype: type
) -> None:
    with limit_file_size(most), pytest.raises(UserError, match=r"a\.wav cannot be written"):
        write_wav(tmp_path / "a.wav", np.ones((2, 1000), dtype), RATE_HZ)
    assert list(tmp_path.iterdir()) == []


def test_a_float_file_holds_no_date(tmp_path: Path) -> None:
    audio = np.random.default_rng(0).standard_normal((2, 50)).astype(np.float32)
    write_wav(tmp_path / "a.wav", audio, RATE_HZ)
    soundfile.write(tmp_path / "dated.wav", audio.T, RATE_HZ, subtype="FLOAT")
    ours, dated = ((tmp_path / name).read_bytes() for name in ("a.wav", "dated.wav"))
    differing = [index for index in range(len(dated)) if ours[index] != dated[index]]
    assert dated[48:52] == b"PEAK"
    assert set(differing) <= set(range(60, 64))
    assert ours[60:64] == bytes(4)
    np.testing.assert_array_equal(read_audio(tmp_path / "a.wav")[0], audio)
