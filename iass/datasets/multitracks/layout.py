"""Finding a song's files in a folder that somebody else unpacked, by track id and file name."""

import filecmp
import os
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NoReturn

from iass.foundation.errors import UserError

_AUDIO = (".wav", ".aif", ".aiff", ".flac")
_WHOLE = "_full"  # at the end of the names of Mixing Secrets' zips
_EXTRAS = "__MACOSX"


def keep_mixes_and_stems(member: PurePosixPath) -> PurePosixPath | None:
    """Want T_MIX.wav and T_STEMS/T_STEM_01.wav of a MedleyDB archive, and no raw file."""
    is_wanted = member.stem.endswith("_MIX") or "_STEM_" in member.stem
    return member if is_wanted and member.suffix.lower() == ".wav" else None


def keep_audio(member: PurePosixPath) -> PurePosixPath | None:
    """Want every audio file of a multitrack zip."""
    return member if member.suffix.lower() in _AUDIO else None


def find_song_folders(root: Path, names: Mapping[str, str]) -> dict[str, list[Path]]:
    """Return the folders of songs below `root` by track id, however deep, not looking into them.

    `names` maps names that a song's folder may have to track ids; case and "_Full" do not count.
    """
    tracks = {fold_name(name): track for name, track in names.items()}
    found: dict[str, list[Path]] = {}
    for folder, inner, _ in _walk(root):
        for name in list(inner):
            track = tracks.get(fold_name(name))
            if track is not None:
                found.setdefault(track, []).append(folder / name)
                inner.remove(name)
    return found


def merge_folders(found: Iterable[Mapping[str, Sequence[Path]]]) -> dict[str, list[Path]]:
    """Join what `find_song_folders` found below several folders."""
    merged: dict[str, list[Path]] = {}
    for folders in found:
        for track, places in folders.items():
            merged.setdefault(track, []).extend(places)
    return merged


def index_files(folders: Iterable[Path]) -> dict[str, list[Path]]:
    """Return the files of a song's folders by folded name, those of one name least deep first."""
    files: dict[str, list[Path]] = {}
    for root in folders:
        for place, _, names in _walk(root):
            for name in names:
                files.setdefault(fold_name(name), []).append(place / name)
    return {name: sorted(paths, key=lambda path: len(path.parts)) for name, paths in files.items()}


def list_missing(names: Iterable[str], files: Mapping[str, Sequence[Path]]) -> list[str]:
    """Return the names that are not among the files of `index_files`, sorted."""
    return sorted({name for name in names if fold_name(name) not in files})


def find_clash(
    names: Iterable[str], files: Mapping[str, Sequence[Path]]
) -> tuple[Path, Path] | None:
    """Return the first two files of `index_files` that differ but have one of the names.

    Copies, byte for byte, do not clash. UserError if one of two files cannot be read.
    """
    for name in sorted({fold_name(name) for name in names}):
        first, *others = files[name]
        for other in others:
            if not _is_copy(first, other):
                return first, other
    return None


def fold_name(name: str) -> str:
    """Return a file's or a folder's name without case, spelling of accents, and "_Full"."""
    return unicodedata.normalize("NFC", name).casefold().removesuffix(_WHOLE)


def _is_copy(path: Path, other: Path) -> bool:
    try:
        return path.samefile(other) or filecmp.cmp(path, other, shallow=False)
    except OSError as error:
        _refuse(error)


def _refuse(error: OSError) -> NoReturn:
    raise UserError(f"{error.filename} cannot be read ({error.strerror}); correct its rights.")


def _walk(root: Path) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Walk in sorted order, through links but each folder once, without Apple's extras."""
    seen: set[str] = set()
    for folder, inner, names in os.walk(root, followlinks=True, onerror=_refuse):
        real = os.path.realpath(folder)
        if real in seen:
            inner.clear()
            continue
        seen.add(real)
        inner[:] = sorted(name for name in inner if name != _EXTRAS and not name.startswith("."))
        yield Path(folder), inner, sorted(name for name in names if not name.startswith("."))
