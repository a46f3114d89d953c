"""Tiny archives with the layouts, schemas and oddities of the real sets, and a lock for them.

    PYTHONPATH=. python tests/replica.py FOLDER

writes what a laboratory's mirror holds; `serve_replicas` serves it on loopback. Names of songs and
files are real, so that the real cards work on them; every sample is a tone made here.
"""

import hashlib
import io
import json
import sys
import tarfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import yaml
from file_server import FileServer, Route, serve
from metadata_files import describe_song
from numpy.typing import NDArray
from replica_songs import (
    RATE_HZ,
    Song,
    Sound,
    list_medleydb,
    list_mixing_secrets,
    list_sample,
    mix,
    read_versions,
)

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.sources import list_multitracks
from iass.datasets.splits import read_split

LOCK = "checksums.json"
MUSDB_STEMS = {"vocals": 440.0, "drums": 2000.0, "bass": 80.0, "other": 900.0}
MUSDB_ODD = ("Jokers, Jacks & Kings - Sea Of Leaves", "M.E.R.C. Music - Knockout")


@dataclass(frozen=True)
class Replicas:
    """What was written, and the songs in it."""

    folder: Path
    medleydb: dict[str, Song] = field(default_factory=dict)
    mixing_secrets: dict[str, Song] = field(default_factory=dict)

    @property
    def lock(self) -> Path:
        """The lock file with every file's size and sha256."""
        return self.folder / LOCK

    def list_left_out(self) -> list[str]:
        """Return the songs of the split mm that are not here: the option `leave_out`."""
        here = {*self.medleydb, *self.mixing_secrets}
        return [row.track for row in read_split("mm") if row.track not in here]


def write_replicas(folder: Path) -> Replicas:
    """Write the archives of every set, and the lock, to `folder`."""
    replicas = Replicas(folder, list_medleydb(), list_mixing_secrets())
    write_musdb(folder / "musdb18hq.zip")
    for version in ("V1", "V2"):
        songs = [
            song for song in replicas.medleydb.values() if read_versions()[song.track] == version
        ]
        path = folder / f"medleydb-{version.lower()}" / f"MedleyDB_{version}.tar.gz"
        _write_tar(path, f"MedleyDB_{version}/{version}", songs)
    _write_tar(folder / "MedleyDB_Sample.tar.gz", "MedleyDB_Sample/Audio", list_sample())
    for song in replicas.mixing_secrets.values():
        _write_zips(folder, song)
    _write_metadata(folder / "medleydb-metadata", replicas.medleydb.values(), _describe_stems)
    _write_metadata(
        folder / "mixing-secrets-metadata", replicas.mixing_secrets.values(), _describe_raws
    )
    write_lock(folder)
    return replicas


def write_lock(folder: Path) -> None:
    """Write the lock of all files below `folder`."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != LOCK)
    lock = {
        path.relative_to(folder).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
        for path in files
    }
    (folder / LOCK).write_text(json.dumps(lock, indent=1), "utf-8")


@contextmanager
def serve_replicas(folder: Path) -> Iterator[FileServer]:
    """Serve every file below `folder` under its relative path."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != LOCK]
    routes = {path.relative_to(folder).as_posix(): Route(path.read_bytes()) for path in files}
    with serve(**routes) as server:
        yield server


def list_musdb() -> dict[str, str]:
    """Return the tracks of the replica of MUSDB18-HQ and their splits: two of each, and the odd."""
    chosen: dict[str, str] = {}
    for split in ("train", "valid", "test"):
        rows = [row["track"] for row in read_facts("musdb18") if row["split"] == split]
        chosen |= dict.fromkeys([*rows[:2], *(name for name in MUSDB_ODD if name in rows)], split)
    return chosen


def write_musdb(path: Path) -> None:
    """Write train/ and test/ without a top folder; a mixture is the sum of its stems."""
    with _open_zip(path) as archive:
        for number, (track, split) in enumerate(list_musdb().items()):
            subset = "test" if split == "test" else "train"
            stems = {
                name: Sound(hz * (1 + number / 50), channels=2) for name, hz in MUSDB_STEMS.items()
            }
            total = sum(sound.play() for sound in stems.values())
            files = {name: sound.encode() for name, sound in stems.items()}
            for name, content in (files | {"mixture": _encode(total)}).items():
                archive.writestr(f"{subset}/{track}/{name}.wav", content)
            archive.writestr(f"__MACOSX/{subset}/{track}/._mixture.wav", b"\0\5\x16\7")


def _write_tar(path: Path, top: str, songs: Sequence[Song]) -> None:
    """Write a song as T/T_MIX.wav, T/T_STEMS/T_STEM_01.wav and a raw file, with Apple's extras."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for song in songs:
            folder = f"{top}/{song.track}"
            _add(archive, f"{folder}/{song.track}_MIX.wav", _encode(mix(song)))
            _add(archive, f"{folder}/._{song.track}_MIX.wav", b"\0\5\x16\7")
            _add(
                archive, f"{folder}/{song.track}_RAW/{song.track}_RAW_01_01.wav", _encode(mix(song))
            )
            for part in song.parts:
                for name, sound in part.files.items():
                    _add(archive, f"{folder}/{song.track}_STEMS/{name}", sound.encode())


def _write_zips(folder: Path, song: Song) -> None:
    """Write a song's raw files to its zip, or in turn to its zips, with __MACOSX beside them."""
    archives = [folder / archive.name for archive in list_multitracks()[song.track]]
    files = [item for part in song.parts for item in part.files.items()]
    for number, path in enumerate(archives):
        with _open_zip(path) as archive:
            for name, sound in files[number :: len(archives)]:
                archive.writestr(f"{song.folder}/{name}", sound.encode())
                archive.writestr(f"__MACOSX/{song.folder}/._{name}", b"\0\5\x16\7")
            archive.writestr(f"{song.folder}/ReadMe.txt", "For educational purposes only.")


def _write_metadata(folder: Path, songs: Any, describe: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for song in songs:
        text = yaml.safe_dump(describe(song), allow_unicode=True)
        (folder / f"{song.track}_METADATA.yaml").write_text(text, "utf-8")


def _describe_stems(song: Song) -> dict[str, Any]:
    """Describe a song in MedleyDB's schema."""
    labels = [part.label for part in song.parts]
    return describe_song(song.track, labels=labels, has_bleed="yes" if song.bleed else "no")


def _describe_raws(song: Song) -> dict[str, Any]:
    """Describe a song as Mixing Secrets does: a stem has the name of its first raw file."""
    stems = {
        f"S{number:02d}": {
            "component": "",
            "filename": next(iter(part.files)),
            "instrument": part.label,
            "raw": {
                f"R{place:02d}": {"filename": name, "instrument": part.label}
                for place, name in enumerate(part.files, 1)
            },
        }
        for number, part in enumerate(song.parts, 1)
    }
    bleed = "yes" if song.bleed else "no"
    changes = {"artist": song.artist, "title": song.title, "has_bleed": bleed, "version": "3.0"}
    return describe_song(song.track) | changes | {"stems": stems}


def _open_zip(path: Path) -> zipfile.ZipFile:
    path.parent.mkdir(parents=True, exist_ok=True)
    return zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _encode(audio: NDArray[np.int64]) -> bytes:
    stream = io.BytesIO()
    soundfile.write(stream, audio.astype(np.int16).T, RATE_HZ, subtype="PCM_16", format="WAV")
    return stream.getvalue()


if __name__ == "__main__":
    write_replicas(Path(sys.argv[1]))
