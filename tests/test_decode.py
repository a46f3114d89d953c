from pathlib import Path

import numpy as np
import pytest
import soundfile

from iass.foundation.decode import open_song
from iass.foundation.errors import UserError

RATE_HZ = 48000


def _decode(path: Path) -> np.ndarray:
    with open_song(path) as decoder:
        return np.concatenate(list(decoder.blocks), axis=1)


@pytest.mark.parametrize("channels", [1, 2, 6])
def test_a_file_of_any_number_of_channels_is_read_whole(tmp_path: Path, channels: int) -> None:
    audio = np.random.default_rng(0).random((channels, 300_000)).astype(np.float32)
    soundfile.write(tmp_path / "a.wav", audio.T, RATE_HZ, subtype="FLOAT")
    with open_song(tmp_path / "a.wav") as decoder:
        assert (decoder.rate_hz, decoder.channels) == (RATE_HZ, channels)
        np.testing.assert_array_equal(np.concatenate(list(decoder.blocks), axis=1), audio)


def test_a_bad_sample_beyond_the_first_block_has_its_place(tmp_path: Path) -> None:
    audio = np.zeros((1, 300_000), np.float32)
    audio[0, 299_000] = np.nan
    soundfile.write(tmp_path / "a.wav", audio.T, RATE_HZ, subtype="FLOAT")
    with pytest.raises(UserError, match=r"a\.wav has a NaN .* sample 299000"):
        _decode(tmp_path / "a.wav")


def test_a_damaged_file_is_named_with_the_place(tmp_path: Path) -> None:
    noise = np.random.default_rng(0).random(600_000) - 0.5
    soundfile.write(tmp_path / "a.flac", noise, RATE_HZ)
    whole = (tmp_path / "a.flac").read_bytes()
    (tmp_path / "a.flac").write_bytes(whole[: len(whole) * 3 // 4])
    with pytest.raises(UserError, match=r"a\.flac is damaged after sample 262144"):
        _decode(tmp_path / "a.flac")


@pytest.mark.parametrize("name", ["picture.wav", "picture.raw", "picture"])
def test_a_picture_is_no_song(tmp_path: Path, name: str) -> None:
    import matplotlib.figure

    matplotlib.figure.Figure(figsize=(1, 1)).savefig(tmp_path / name, format="png")
    with pytest.raises(UserError, match=r"picture.* cannot be read as audio \(it holds no sound\)"):
        _decode(tmp_path / name)


def test_a_folder_is_no_song(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not a file; give the path of a song"):
        _decode(tmp_path)
