"""MedleyDB's YAML schema, read strictly; faults are named by file and field."""

import re
from pathlib import Path
from typing import Any

import pytest
from metadata_files import describe_song, write_fields, write_song
from shared_data import find_shared

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.metadata import read_song, read_songs
from iass.foundation.errors import UserError


def test_a_song_is_read_with_stems_and_raw_files(tmp_path: Path) -> None:
    labels = ["male singer", ["acoustic guitar", "male singer"]]
    path = write_song(tmp_path, "ZoëÅström_Été", labels=labels, has_bleed="yes")
    song = read_song(path)
    assert (song.id, song.artist, song.title) == ("ZoëÅström_Été", "ZoëÅström", "Été")
    assert song.has_bleed is True
    assert song.mix_filename == "ZoëÅström_Été_MIX.wav"
    assert [stem.labels for stem in song.stems.values()] == [["male singer"], labels[1]]
    stem = song.stems["S02"]
    assert (stem.filename, stem.component) == ("ZoëÅström_Été_STEM_02.wav", "")
    assert stem.raws["R01"].filename == "ZoëÅström_Été_RAW_02_01.wav"
    assert stem.raws["R01"].labels == ["kick drum"]


def test_songs_of_a_folder_come_sorted_and_other_files_are_left_alone(tmp_path: Path) -> None:
    for track in ("B_Two", "A_One"):
        write_song(tmp_path, track)
    (tmp_path / "README.yaml").write_text("not: a song")
    assert [song.id for song in read_songs(tmp_path)] == ["A_One", "B_Two"]


def _set(fields: dict[str, Any], where: str, value: object) -> None:
    *parents, last = where.split(".")
    for parent in parents:
        fields = fields[parent]
    if value is None:
        del fields[last]
    else:
        fields[last] = value


@pytest.mark.parametrize(
    ("where", "value"),
    [
        ("title", None),
        ("title", 1979),
        ("artist", ["A", "B"]),
        ("has_bleed", "maybe"),
        ("has_bleed", 1),
        ("stems", []),
        ("mix_filename", "../A_MIX.wav"),
        ("stem_dir", "/A_STEMS"),
        ("raw_dir", ".."),
        ("stems.S01.filename", "C:\\A.wav"),
        ("stems.S01.filename", ""),
        ("stems.S01.component", "drone"),
        ("stems.S01.instrument", []),
        ("stems.S01.instrument", None),
        ("stems.S01.raw", None),
        ("stems.S01.raw.R01.instrument", 7),
        ("stems.S01.raw.R01.filename", None),
    ],
)
def test_a_fault_is_named_by_file_and_field(tmp_path: Path, where: str, value: object) -> None:
    fields = describe_song("A_One")
    _set(fields, where, value)
    path = write_fields(tmp_path, "A_One", fields)
    with pytest.raises(UserError) as caught:
        read_song(path)
    assert str(path) in str(caught.value)
    assert f"field '{where}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unquoted_no_is_read_as_no(tmp_path: Path) -> None:
    assert read_song(write_song(tmp_path, "A_One", has_bleed=False)).has_bleed is False


@pytest.mark.parametrize(
    "text",
    ["a: [", "- a list", "", "a: !!python/object/apply:os.getcwd []", "\x00"],
    ids=["broken", "list", "empty", "python tag", "control character"],
)
def test_a_file_that_is_no_song_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "A_One_METADATA.yaml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"A_One_METADATA\.yaml"):
        read_song(path)


def test_a_file_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "A_One_METADATA.yaml"
    path.write_bytes(b"artist: \xff\xfe")
    with pytest.raises(UserError, match="readable YAML"):
        read_song(path)


@pytest.mark.parametrize("folder", [".", "missing"])
def test_a_folder_without_songs_is_refused_by_name(tmp_path: Path, folder: str) -> None:
    with pytest.raises(UserError, match=re.escape(str(tmp_path / folder))):
        read_songs(tmp_path / folder)


def test_medleydb_has_122_and_74_songs_with_audio() -> None:
    versions = {row["track"]: row["version"] for row in read_facts("medleydb_versions")}
    assert list(versions.values()).count("V1") == 122
    assert list(versions.values()).count("V2") == 74
    assert len(versions) == 196


def test_all_588_published_files_are_read() -> None:
    songs = read_songs(find_shared("medleydb/Metadata"))
    assert len(songs) == 330
    assert sum(len(stem.labels) > 1 for song in songs for stem in song.stems.values()) == 106
    assert {row["track"] for row in read_facts("medleydb_versions")} <= {song.id for song in songs}
    assert len(read_songs(find_shared("mixing_secrets/metadata"))) == 258
