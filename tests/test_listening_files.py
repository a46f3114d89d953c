"""The files of the listening page, without a browser."""

import fnmatch
import json
import math
import tomllib
import weakref
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from listening import INDEX, make_song

from iass.foundation.plugins import ROOT
from iass.reporting.listen.content import Clip, Frame, Song
from iass.reporting.listen.page import STATIC, write_page

CLIPS = {"mixture": Clip(b"sound", gain_db=-1.5), "vocals/iass": Clip(b"</script>")}


def _make(name: str = "first") -> Song:
    return make_song(name, CLIPS)


def _read_call(path: Path, function: str) -> Any:
    text = path.read_text("ascii")
    start, end = f"listen.{function}(", ");\n"
    assert text.startswith(start)
    assert text.endswith(end)
    return json.loads(text[len(start) : -len(end)], parse_constant=pytest.fail)


def test_the_index_lists_songs_with_their_files_and_sizes(tmp_path: Path) -> None:
    write_page(INDEX, [_make("first"), _make("second")], tmp_path)
    index = _read_call(tmp_path / "songs.js", "addIndex")
    assert index["title"] == INDEX.title
    assert index["left_out"] == [
        {"title": "A secret", "dataset": "medleydb", "reason": "its licence forbids it"}
    ]
    assert [(song["id"], song["file"]) for song in index["songs"]] == [
        ("first", "songs/1.js"),
        ("second", "songs/2.js"),
    ]
    for song in index["songs"]:
        assert song["bytes"] == (tmp_path / song["file"]).stat().st_size


def test_a_song_says_what_the_page_draws_and_plays(tmp_path: Path) -> None:
    write_page(INDEX, [_make()], tmp_path)
    song = _read_call(tmp_path / "songs" / "1.js", "addSong")
    assert song["clips"]["mixture"] == {"audio": "data:audio/mpeg;base64,c291bmQ=", "gain_db": -1.5}
    assert song["targets"][0] == {"name": "vocals", "label": "Vocals"}
    assert song["methods"][1] == {"name": "iass", "label": "IASS", "kind": "trained"}
    assert song["activity"]["vocals/iass"]["hop_s"] == 0.05
    assert song["labels"]["vocals"]["values"][:3] == [0.0, 0.017, 0.034]
    assert song["sdr"]["vocals/ibm"][4] == {
        "time_s": 4.0,
        "value": None,
        "reason": "the reference is silent",
    }


def test_no_text_can_end_a_script(tmp_path: Path) -> None:
    write_page(INDEX, [replace(_make(), title="</script><!-- \u2028 ü")], tmp_path)
    for path in (tmp_path / "songs.js", tmp_path / "songs" / "1.js"):
        assert "<" not in path.read_text("ascii")
    song = _read_call(tmp_path / "songs" / "1.js", "addSong")
    assert song["title"] == "</script><!-- \u2028 ü"


def test_what_is_not_finite_is_refused(tmp_path: Path) -> None:
    frames = {"vocals/iass": (Frame(0.0, math.nan),)}
    with pytest.raises(ValueError, match="JSON compliant"):
        write_page(INDEX, [replace(_make(), sdr=frames)], tmp_path)


def test_two_songs_with_one_id_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="share an id: first"):
        write_page(INDEX, [_make(), _make()], tmp_path)


def test_one_song_is_in_memory_at_a_time(tmp_path: Path) -> None:
    alive: list[weakref.ref[Song]] = []

    def _note(song: Song) -> Song:
        alive.append(weakref.ref(song))
        return song

    def _yield_songs() -> Iterator[Song]:
        for name in ("first", "second", "third"):
            assert all(reference() is None for reference in alive)
            yield _note(_make(name))

    write_page(INDEX, _yield_songs(), tmp_path)
    assert len(alive) == 3


def test_songs_of_an_earlier_page_are_removed(tmp_path: Path) -> None:
    write_page(INDEX, [_make("first"), _make("second")], tmp_path)
    write_page(INDEX, [_make("third")], tmp_path)
    assert [path.name for path in (tmp_path / "songs").iterdir()] == ["1.js"]
    assert "third" in (tmp_path / "songs" / "1.js").read_text("ascii")


def test_a_page_is_written_alike_twice(tmp_path: Path) -> None:
    for name in ("once", "again"):
        write_page(INDEX, [_make()], tmp_path / name)
    for path in (tmp_path / "once").rglob("*.*"):
        twin = tmp_path / "again" / path.relative_to(tmp_path / "once")
        assert path.read_bytes() == twin.read_bytes()


def test_every_static_file_is_shipped_and_named_in_the_page(tmp_path: Path) -> None:
    write_page(INDEX, [], tmp_path)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    html = (tmp_path / "index.html").read_text("utf-8")
    for path in STATIC.iterdir():
        assert (tmp_path / path.name).read_bytes() == path.read_bytes()
        assert any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
        assert path.name == "index.html" or f'"{path.name}"' in html
        assert "http" not in path.read_text("utf-8"), "the page needs no network"
