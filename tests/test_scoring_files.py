from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from songs import GRID, make_noise, tabulate
from wav_folders import RATE_HZ, Folders, make_song, write_folder

from iass.foundation.audio import write_wav
from iass.foundation.config import Protocol
from iass.foundation.errors import UserError
from iass.scoring.dialects import OF_MIXTURE
from iass.scoring.engines import score_exactly
from iass.scoring.files import find_files, open_song
from iass.scoring.frames import FrameGrid
from iass.scoring.protocols import PROTOCOLS
from iass.scoring.score import METRICS, score_song
from iass.scoring.song import Song


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path / "Öje & Co. v1.2", tmp_path / "une estimée")


def _score_song(song: Song, protocol: Protocol = "joint", grid: FrameGrid = GRID) -> pd.DataFrame:
    return tabulate(score_song(song, grid, PROTOCOLS[protocol], score_exactly))


def _score(folders: Folders, protocol: Protocol = "joint", grid: FrameGrid = GRID) -> pd.DataFrame:
    with open_song(find_files(folders.references, folders.estimates)) as (song, rate_hz):
        assert rate_hz == RATE_HZ
        return _score_song(song, protocol, grid)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("protocol", ["joint", "per_target"])
def test_streamed_scores_are_those_of_arrays_to_the_last_bit(
    folders: Folders, protocol: Protocol, channels: int
) -> None:
    song = make_song(1, ("bass", "drums", "vocals"), channels)
    song.references["bass"][:, 3000:9000] = 0
    folders.write(song)
    expected = _score_song(song.song(), protocol)
    pd.testing.assert_frame_equal(_score(folders, protocol), expected, check_exact=True)


def test_overlapping_frames_and_a_tail_are_streamed_too(folders: Folders) -> None:
    song = make_song(1)
    folders.write(song)
    grid = FrameGrid(3500, 1000, RATE_HZ)
    expected = _score_song(song.song(), "joint", grid)
    pd.testing.assert_frame_equal(_score(folders, "joint", grid), expected, check_exact=True)


def test_without_a_mixture_what_needs_it_is_left_out(folders: Folders) -> None:
    song = make_song(1)
    folders.write(song, with_mixture=False)
    found = _score(folders)
    expected = _score_song(replace(song.song(), mixture=None))
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    assert set(METRICS) - set(found["metric"]) == set(OF_MIXTURE)


def test_16_bits_have_full_scale_at_32768(tmp_path: Path) -> None:
    whole = np.array([[-32768, 16384, 1]], np.int16)
    write_wav(tmp_path / "a.wav", whole, RATE_HZ)
    with open_song(find_files(tmp_path, tmp_path)) as (song, _):
        read = song.references[0](1, 3)
    assert read.dtype == np.float32
    np.testing.assert_array_equal(read, [[0.5, 1 / 32768]])


def test_a_song_of_one_sample_is_scored(folders: Folders) -> None:
    write_folder(folders.references, {"vocals": np.array([[0.5]], np.float32)})
    write_folder(folders.estimates, {"vocals": np.array([[0.25]], np.float32)})
    scores = _score(folders)
    sdr = scores[(scores["metric"] == "SDR") & (scores["mask"] == "museval")]
    np.testing.assert_allclose(sdr["value"], [20 * np.log10(2)])


def test_files_are_closed_at_the_end(folders: Folders) -> None:
    folders.write(make_song(1))
    with open_song(find_files(folders.references, folders.estimates)) as (song, _):
        song.references[0](0, 10)
    with pytest.raises(RuntimeError, match="closed"):
        song.references[0](0, 10)


def test_targets_are_the_names_of_references_with_their_case(folders: Folders) -> None:
    song = make_song(1, ("Vocals", "bass.v2", "lead guitar"))
    folders.write(song)
    write_folder(folders.estimates, {"extra": song.mixture})
    (folders.references / "._Vocals.wav").write_bytes(b"a Macintosh was here")
    (folders.references / "notes.txt").touch()
    files = find_files(folders.references, folders.estimates)
    assert files.targets == ["Vocals", "bass.v2", "lead guitar"]
    assert files.mixture == folders.references / "mixture.wav"
    assert len(files.list_paths()) == 7


def test_targets_can_be_chosen(folders: Folders) -> None:
    folders.write(make_song(1, ("bass", "drums", "vocals")))
    (folders.estimates / "bass.wav").unlink()
    files = find_files(folders.references, folders.estimates, ["vocals", "drums"])
    assert files.targets == ["drums", "vocals"]
    assert [path.name for path in files.estimates] == ["drums.wav", "vocals.wav"]


@pytest.mark.parametrize("unknown", ["Vocals", "mixture", ""])
def test_an_unknown_target_is_refused_with_those_that_are_there(
    folders: Folders, unknown: str
) -> None:
    folders.write(make_song(1))
    with pytest.raises(UserError, match=rf"no {unknown}\.wav; choose .* drums, vocals"):
        find_files(folders.references, folders.estimates, ["vocals", unknown])


def test_a_missing_estimate_is_named(folders: Folders) -> None:
    folders.write(make_song(1))
    (folders.estimates / "drums.wav").unlink()
    with pytest.raises(UserError, match=r"une estimée.drums\.wav is missing"):
        find_files(folders.references, folders.estimates)


def test_a_mixture_alone_is_no_reference(folders: Folders) -> None:
    write_folder(folders.references, {"mixture": make_noise(1)})
    with pytest.raises(UserError, match="holds no reference"):
        find_files(folders.references, folders.estimates)


@pytest.mark.parametrize(
    ("name", "found", "wanted"),
    [
        ("estimates/drums", "12001 samples", "12000"),
        ("estimates/vocals", "11999 samples", "12000"),
        ("references/vocals", "11999 samples", "12000"),
        ("references/mixture", "12001 samples", "12000"),
        ("references/mixture", "44100 Hz", "8000"),
        ("estimates/vocals", "44100 Hz", "8000"),
        ("estimates/vocals", r"2 channel\(s\)", "1"),
    ],
)
def test_files_that_differ_are_named_with_both_values(
    tmp_path: Path, name: str, found: str, wanted: str
) -> None:
    folders = Folders(tmp_path / "references", tmp_path / "estimates")
    folders.write(make_song(1))
    samples = int(found.split()[0]) if "samples" in found else 12000
    audio = make_noise(5, 2 if "channel" in found else 1, samples)
    write_wav(tmp_path / f"{name}.wav", audio, 44100 if "Hz" in found else RATE_HZ)
    pattern = rf"{name}\.wav has {found}, but .*\.wav {wanted}; all files"
    with (
        pytest.raises(UserError, match=pattern),
        open_song(find_files(folders.references, folders.estimates)),
    ):
        pass


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("side", ["references", "estimates"])
def test_a_bad_sample_is_told_with_file_and_place(folders: Folders, bad: float, side: str) -> None:
    song = make_song(1)
    {"references": song.references, "estimates": song.estimates}[side]["drums"][0, 9876] = bad
    folders.write(replace(song, mixture=make_noise(1, 1)))
    with pytest.raises(UserError, match=r"drums\.wav has a NaN or infinite value at sample 9876;"):
        _score(folders)


@pytest.mark.parametrize("content", [b"", b"RIFF", b"not audio at all"])
def test_a_broken_file_is_named(folders: Folders, content: bytes) -> None:
    folders.write(make_song(1))
    (folders.estimates / "vocals.wav").write_bytes(content)
    with pytest.raises(UserError, match=r"vocals\.wav cannot be read as audio"):
        _score(folders)
