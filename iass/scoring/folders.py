"""Which tracks two folders hold: the WAV files of one track, or a tree of track folders."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from iass.foundation.errors import UserError
from iass.scoring.files import list_wavs

SUBSET = "test"  # of tracks without a folder of their subset; museval reads this one only


@dataclass(frozen=True)
class TrackFolders:
    """Where the files of one track lie."""

    name: str
    subset: str
    references: Path
    estimates: Path


def find_pair(references: Path, estimates: Path) -> TrackFolders | None:
    """Return the track whose WAV files both folders hold, or None where they hold track folders.

    UserError if one of them is not a folder.
    """
    for folder in (references, estimates):
        if not folder.is_dir():
            raise UserError(f"{folder} is not a folder; give one with *.wav or with track folders.")
    if not list_wavs(references):
        return None
    return TrackFolders(references.resolve().name, SUBSET, references, estimates)


def find_tracks(references: Path, estimates: Path) -> list[TrackFolders]:
    """Return the tracks <track> and <subset>/<track> of a tree of references.

    A folder without *.wav that the estimates lack is no subset to score. UserError if nothing is
    left or two subsets have a track of one name.
    """
    tracks = [
        track
        for folder in _list_folders(references)
        for track in _find_in(folder, estimates / folder.name)
    ]
    if not tracks:
        raise UserError(_explain_nothing(references, estimates))
    (name, count), *_ = Counter(track.name for track in tracks).most_common(1)
    if count > 1:
        subsets = " and ".join(track.subset for track in tracks if track.name == name)
        raise UserError(
            f"'{name}' is a track of {subsets} in {references}; score one subset at a time."
        )
    return tracks


def _find_in(folder: Path, estimates: Path) -> Iterator[TrackFolders]:
    """Yield the folder if it is a track, else the tracks in it if the estimates have any of it."""
    inner = _list_folders(folder)
    if list_wavs(folder) or (estimates.is_dir() and not inner):
        yield TrackFolders(folder.name, SUBSET, folder, estimates)
    elif estimates.is_dir():
        for track in inner:
            yield TrackFolders(track.name, folder.name, track, estimates / track.name)


def _list_folders(folder: Path) -> Sequence[Path]:
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _explain_nothing(references: Path, estimates: Path) -> str:
    inner = [folder.name for folder in _list_folders(references)]
    if not inner:
        return (
            f"found 0 tracks because {references} holds neither *.wav nor folders; give the folder "
            "of one track, or of tracks."
        )
    return (
        f"found 0 tracks because no folder in {references} holds *.wav, and {estimates} has none "
        f"of its subsets {', '.join(inner)}; give two trees with the same folders."
    )
