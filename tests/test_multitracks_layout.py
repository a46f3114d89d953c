"""Finding songs and their files in folders that somebody else made."""

import os
import unicodedata
from pathlib import Path, PurePosixPath

import pytest

from iass.datasets.multitracks.layout import (
    find_clash,
    find_song_folders,
    index_files,
    keep_audio,
    keep_mixes_and_stems,
    list_missing,
)
from iass.foundation.errors import UserError


def _touch(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    return path


def test_song_folders_are_found_at_any_depth_and_by_either_name(tmp_path: Path) -> None:
    for folder in ("Audio/V1/A_B/A_B_STEMS", "c_d_full", "deep/er/E_F_Full_1", "e_f_full_2"):
        (tmp_path / folder).mkdir(parents=True)
    names = {"A_B": "A_B", "C_D": "C_D", "E_F_Full_1": "E_F", "E_F_Full_2": "E_F", "G_H": "G_H"}
    assert find_song_folders(tmp_path, names) == {
        "A_B": [tmp_path / "Audio/V1/A_B"],
        "C_D": [tmp_path / "c_d_full"],
        "E_F": [tmp_path / "e_f_full_2", tmp_path / "deep/er/E_F_Full_1"],
    }


def test_a_linked_folder_is_followed_and_a_circle_is_not(tmp_path: Path) -> None:
    (tmp_path / "disk" / "A_B").mkdir(parents=True)
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "Audio").symlink_to(tmp_path / "disk")
    (tmp_path / "disk" / "again").symlink_to(tmp_path / "set")
    found = find_song_folders(tmp_path / "set", {"A_B": "A_B"})
    assert found == {"A_B": [tmp_path / "set" / "Audio" / "A_B"]}


def test_a_file_is_found_by_case_and_accents_apart_and_the_highest_is_first(
    tmp_path: Path,
) -> None:
    name = unicodedata.normalize("NFD", "01_Stråk.WAV")
    wanted = _touch(tmp_path / "one" / name)
    deep = _touch(tmp_path / "a" / "deeper" / "still" / "01_Stråk.wav")
    _touch(tmp_path / "one" / "__MACOSX" / "01_Kick.wav")
    _touch(tmp_path / "one" / "._02_Bass.wav")
    files = index_files([tmp_path / "a", tmp_path / "one"])
    assert list(files.values()) == [[wanted, deep]]
    assert list_missing(["01_stråk.wav", "02_Bass.wav", "01_Kick.wav"], files) == [
        "01_Kick.wav",
        "02_Bass.wav",
    ]


def test_two_files_of_one_name_clash_if_they_differ_and_are_wanted(tmp_path: Path) -> None:
    for name, take in (("01_Kick.wav", b"one"), ("02_Bass.wav", b"two"), ("03_Keys.wav", b"old")):
        _touch(tmp_path / "Song" / name).write_bytes(take)
        _touch(tmp_path / "Song" / "Zip 2" / name).write_bytes(take)
    kick = _touch(tmp_path / "Song" / "Take 2" / "Inner" / "01_KICK.WAV")
    kick.write_bytes(b"six")  # of the same size and age
    for path in (tmp_path / "Song" / "01_Kick.wav", kick):
        os.utime(path, ns=(1, 1))
    _touch(tmp_path / "Song" / "Take 2" / "03_Keys.wav").write_bytes(b"longer")
    files = index_files([tmp_path / "Song"])
    assert find_clash(["01_kick.wav"], files) == (tmp_path / "Song" / "01_Kick.wav", kick)
    assert find_clash(["02_Bass.wav"], files) is None
    assert find_clash(["02_Bass.wav", "03_Keys.wav"], files) is not None


def test_one_file_by_two_links_is_no_clash_and_a_link_to_nothing_is_named(tmp_path: Path) -> None:
    _touch(tmp_path / "disk" / "01_Kick.wav")
    for name in ("a", "b"):
        (tmp_path / name).symlink_to(tmp_path / "disk")
    files = index_files([tmp_path / "a", tmp_path / "b"])
    assert len(files["01_kick.wav"]) == 2
    assert find_clash(["01_Kick.wav"], files) is None
    (tmp_path / "c").mkdir()
    (tmp_path / "c" / "01_Kick.wav").symlink_to(tmp_path / "gone.wav")
    with pytest.raises(UserError, match=r"c/01_Kick.wav cannot be read"):
        find_clash(["01_Kick.wav"], index_files([tmp_path / "a", tmp_path / "c"]))


@pytest.mark.parametrize(
    ("member", "mixes", "audio"),
    [
        ("V1/T/T_MIX.wav", True, True),
        ("V1/T/T_STEMS/T_STEM_01.wav", True, True),
        ("V1/T/T_RAW/T_RAW_01_01.wav", False, True),
        ("V1/T/T_METADATA.yaml", False, False),
        ("T/Read me.txt", False, False),
        ("T/01_Kick.WAV", False, True),
        ("T/01_Kick.aif", False, True),
    ],
)
def test_only_what_is_needed_is_unpacked(member: str, mixes: bool, audio: bool) -> None:
    path = PurePosixPath(member)
    assert keep_mixes_and_stems(path) == (path if mixes else None)
    assert keep_audio(path) == (path if audio else None)
