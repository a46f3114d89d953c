"""Writing the listening page: static files beside scripts that hold the songs.

A page opened from a disk (file://) may not fetch files, but it may load scripts. So every song is a
script of its own, which calls `listen.addSong` and is loaded when the reader chooses the song.
"""

import base64
import json
from collections.abc import Iterable
from dataclasses import asdict
from importlib.resources import files
from itertools import count, repeat
from pathlib import Path
from typing import Any

from iass.foundation.errors import UserError
from iass.foundation.files import write_bytes, write_text
from iass.reporting.listen.content import Clip, Curve, Index, Song

STATIC = Path(str(files("iass.reporting.listen") / "static"))
"""The files of the page that are the same for every benchmark; a rule may name them as inputs."""

_INDEX = "songs.js"
_LISTED = ("id", "title", "artist", "dataset", "experiment", "licence", "seconds")


def write_page(index: Index, songs: Iterable[Song], folder: Path) -> None:
    """Write the page of `songs` to `folder`; index.html in it is what a reader opens.

    Songs are written one by one, so an iterator keeps only one in memory, and then the list of
    them; song files of an earlier page that are no longer listed are removed. Each file is replaced
    as a whole. ValueError on a number that is not finite or on two songs with one id.
    """
    for source in sorted(STATIC.iterdir()):
        write_bytes(folder / source.name, source.read_bytes())
    listed = list(map(_write_song, songs, count(1), repeat(folder)))  # a loop would keep two songs
    _check_ids([entry["id"] for entry in listed])
    _write_call(folder / _INDEX, "addIndex", {**asdict(index), "songs": listed})
    _remove_others(folder / "songs", {Path(entry["file"]).name for entry in listed})


def read_index(folder: Path) -> dict[str, Any]:
    """Return the list of songs of a page, and what else `write_page` has written beside it.

    UserError if it is something else.
    """
    path = folder / _INDEX
    try:
        text = path.read_text("ascii")
        content: dict[str, Any] = json.loads(text[text.index("(") + 1 : text.rindex(")")])
    except ValueError:
        raise UserError(
            f"{path} is not what the workflow writes; delete {folder} and run again."
        ) from None
    return content


def _write_song(song: Song, number: int, folder: Path) -> dict[str, Any]:
    """Write the script of a song; return its entry in the list of songs."""
    path = folder / "songs" / f"{number}.js"
    _write_call(path, "addSong", _describe_song(song))
    place = {"file": f"songs/{path.name}", "bytes": path.stat().st_size}
    return {name: getattr(song, name) for name in _LISTED} | place


def _describe_song(song: Song) -> dict[str, Any]:
    return {name: getattr(song, name) for name in (*_LISTED, "start_s", "window_s", "marks")} | {
        "targets": [asdict(target) for target in song.targets],
        "methods": [asdict(method) for method in song.methods],
        "clips": {key: _describe_clip(clip) for key, clip in song.clips.items()},
        "mixture_gains_db": song.mixture_gains_db,
        "labels": {key: _describe_curve(curve) for key, curve in song.labels.items()},
        "activity": {key: _describe_curve(curve) for key, curve in song.activity.items()},
        "sdr": {key: [asdict(frame) for frame in frames] for key, frames in song.sdr.items()},
    }


def _describe_clip(clip: Clip) -> dict[str, Any]:
    content = base64.b64encode(clip.audio).decode("ascii")
    return {"audio": f"data:{clip.media_type};base64,{content}", "gain_db": clip.gain_db}


def _describe_curve(curve: Curve) -> dict[str, Any]:
    """A thousandth of activity is less than a screen shows and a third of the digits."""
    return {"hop_s": curve.hop_s, "values": [round(value, 3) for value in curve.values]}


def _write_call(path: Path, function: str, content: dict[str, Any]) -> None:
    """Write a script that hands `content` to the page.

    ASCII with `<` escaped: the text means the same whatever the encoding, and stays a string if
    somebody puts the script into an HTML file.
    """
    text = json.dumps(content, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    write_text(path, f"listen.{function}({text});\n")


def _check_ids(ids: list[str]) -> None:
    """Links name a song by its id."""
    twice = sorted({name for name in ids if ids.count(name) > 1})
    if twice:
        raise ValueError(f"songs of the listening page share an id: {', '.join(twice)}")


def _remove_others(folder: Path, kept: set[str]) -> None:
    for path in folder.glob("*.js"):
        if path.name not in kept:
            path.unlink()
