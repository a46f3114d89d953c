"""The three editions of MUSDB18: folders, splits, errata, and what is said of an empty one."""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
import soundfile

from iass.datasets.falcon69 import find_excerpt
from iass.datasets.musdb.layout import keep_songs, list_published, list_tracks
from iass.datasets.musdb.stems import decode_streams, keep_stem_files
from iass.datasets.musdb18 import DataSet as Musdb18
from iass.datasets.musdb18hq import DataSet as Musdb18hq
from iass.foundation.errors import UserError
from iass.preparation.tools import PreparationTools

FILES = ("mixture", "vocals", "drums", "bass", "other")
VALID = "Actions - One Minute Smile"
TEST = "PR - Oh No"


def _write_song(root: Path, subset: str, name: str, without: str = "") -> None:
    folder = root / subset / name
    folder.mkdir(parents=True)
    for stem in FILES:
        if stem != without:
            soundfile.write(folder / f"{stem}.wav", np.zeros((10, 2)), 44100)


def test_songs_have_split_artist_title_and_licence_of_the_published_list(tmp_path: Path) -> None:
    for subset, name in (("train", "Invented - M.E.R.C. Music"), ("train", VALID), ("test", TEST)):
        _write_song(tmp_path, subset, name)
    tracks = {track.id: track for track in list_tracks(tmp_path)}
    assert [track.split for track in tracks.values()] == ["valid", "train", "test"]
    assert (tracks[VALID].artist, tracks[VALID].title) == ("Actions", "One Minute Smile")
    assert tracks["Invented - M.E.R.C. Music"].title == "M.E.R.C. Music"
    assert tracks[VALID].licence == "Restricted"
    assert set(tracks[VALID].stems) == set(FILES[1:])
    assert tracks[VALID].mixture == tmp_path / "train" / VALID / "mixture.wav"


def test_known_faults_become_flags(tmp_path: Path) -> None:
    _write_song(tmp_path, "test", TEST)
    _write_song(tmp_path, "test", "Invented - Flawless")
    flags = {track.id: track.flags for track in list_tracks(tmp_path)}
    assert flags["Invented - Flawless"] == ()
    assert all(flag.startswith("erratum:") for flag in flags[TEST])
    assert flags[TEST]


def test_all_songs_that_lack_a_stem_are_told_at_once_the_first_five_by_name(
    tmp_path: Path,
) -> None:
    _write_song(tmp_path, "test", TEST, without="bass")
    _write_song(tmp_path, "train", VALID)
    for number in range(5):
        _write_song(tmp_path, "train", f"B - {number}", without="drums")
    (tmp_path / "train" / "B - 0" / "mixture.wav").unlink()
    with pytest.raises(UserError) as caught:
        list_tracks(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: 6 of 7 songs cannot be used: train/B - 0 lacks mixture.wav, drums.wav; "
        "train/B - 1 lacks drums.wav; train/B - 2 lacks drums.wav; train/B - 3 lacks drums.wav; "
        "train/B - 4 lacks drums.wav; and 1 more; unpack or copy the set again."
    )


def test_when_no_song_is_found_the_sentence_says_why(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"found 0 tracks because .* has no train/"):
        list_tracks(tmp_path)
    _write_song(tmp_path / "inner", "train", VALID)
    with pytest.raises(UserError, match=r"lie in .*inner; give that folder"):
        list_tracks(tmp_path)
    (tmp_path / "stems" / "train").mkdir(parents=True)
    (tmp_path / "stems" / "train" / "a.stem.mp4").touch()
    with pytest.raises(UserError, match="use the data set musdb18 for them"):
        list_tracks(tmp_path / "stems")


def test_there_are_150_published_songs_of_which_14_validate_and_50_test() -> None:
    songs = list_published()
    splits = [song.split for song in songs]
    assert len({song.id for song in songs}) == 150
    assert (splits.count("train"), splits.count("valid"), splits.count("test")) == (86, 14, 50)


@pytest.mark.parametrize(
    ("keep", "member", "kept"),
    [
        (keep_songs, "train/A - B/vocals.wav", "train/A - B/vocals.wav"),
        (keep_songs, "musdb18hq/test/A - B/mixture.wav", "test/A - B/mixture.wav"),
        (keep_songs, "readme.txt", None),
        (keep_songs, "train/A - B/notes.txt", None),
        (keep_stem_files, "musdb18/test/A.B - C.stem.mp4", "test/A.B - C.stem.mp4"),
        (keep_stem_files, "train/A - B/vocals.wav", None),
    ],
)
def test_only_songs_are_unpacked(
    keep: Callable[[PurePosixPath], PurePosixPath | None], member: str, kept: str | None
) -> None:
    assert keep(PurePosixPath(member)) == (None if kept is None else PurePosixPath(kept))


def test_a_copy_that_is_there_is_used_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write_song(tmp_path / "copy", "test", TEST)
    monkeypatch.setenv("MUSDB_PATH", str(tmp_path / "copy"))
    card, tools = Musdb18hq(), PreparationTools(tmp_path / "data" / "musdb18hq")
    card.fetch(tools)
    assert [track.id for track in card.prepare(tools)] == [TEST]
    assert not (tmp_path / "data").exists()
    monkeypatch.setenv("MUSDB_PATH", str(tmp_path / "nowhere"))
    with pytest.raises(UserError, match=r"MUSDB_PATH is .*nowhere', which is no folder"):
        card.prepare(tools)


def test_stem_files_are_decoded_to_16_bits_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy" / "test"
    copy.mkdir(parents=True)
    (copy / "The Easton Ellises - Falcon 69.stem.mp4").symlink_to(find_excerpt())
    monkeypatch.setenv("MUSDB_PATH", str(tmp_path / "copy"))
    tools = PreparationTools(tmp_path / "data" / "musdb18")
    [track] = Musdb18().prepare(tools)
    assert track.id == "The Easton Ellises - Falcon 69"
    streams: Sequence[np.ndarray] = decode_streams(find_excerpt())
    bass, _ = soundfile.read(track.stems["bass"], dtype="int16")
    np.testing.assert_array_equal(bass.T, np.clip(np.rint(streams[2] * 32768), -32768, 32767))
    written = track.stems["bass"].stat().st_mtime_ns
    Musdb18().prepare(tools)
    assert track.stems["bass"].stat().st_mtime_ns == written


def test_stem_files_that_cannot_be_decoded_are_all_named_and_the_others_are_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / "copy" / "test"
    copy.mkdir(parents=True)
    (copy / "B - Whole.stem.mp4").symlink_to(find_excerpt())
    (copy / "A - Cut.stem.mp4").write_bytes(find_excerpt().read_bytes()[:1000])
    monkeypatch.setenv("MUSDB_PATH", str(tmp_path / "copy"))
    tools = PreparationTools(tmp_path / "data" / "musdb18")
    with pytest.raises(UserError, match=r"^[^;]*A - Cut.stem.mp4 cannot be decoded"):
        Musdb18().prepare(tools)
    (copy / "C - Empty.stem.mp4").touch()
    with pytest.raises(UserError, match=r"2 of 3 songs cannot be used: .*A - Cut.*; .*C - Empty"):
        Musdb18().prepare(tools)
    assert len(list((tools.folder / "songs" / "test" / "B - Whole").glob("*.wav"))) == 5


def test_without_the_archive_the_sentence_says_to_fetch_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MUSDB_PATH", raising=False)
    with pytest.raises(UserError, match=r"musdb18hq.zip is missing; fetch it with `iass data"):
        Musdb18hq().prepare(PreparationTools(tmp_path / "musdb18hq"))
