"""MUSDB18 as folders: train/ and test/, in each a folder "Artist - Title" of WAV files."""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import cast

from iass.datasets.facts import read_facts
from iass.foundation.card import PublishedSong, Split, TrackFiles
from iass.foundation.errors import UserError
from iass.foundation.faults import refuse_faults

STEMS = ("vocals", "drums", "bass", "other")
MIXTURE = "mixture"
SUBSETS: tuple[Split, ...] = ("train", "test")


def keep_songs(member: PurePosixPath) -> PurePosixPath | None:
    """Want <subset>/<track>/<stem>.wav of an archive, however deep it lies."""
    parts = member.parts[-3:]
    is_song = len(parts) == 3 and parts[0] in SUBSETS and member.suffix == ".wav"
    return PurePosixPath(*parts) if is_song else None


def list_tracks(root: Path) -> list[TrackFiles]:
    """List the tracks below `root` by subset and name; 14 of train/ validate.

    UserError if there is none, saying what was looked for, or naming the tracks that lack a file.
    """
    folders = [(s, folder) for s in SUBSETS for folder in _list_folders(root / s)]
    if not folders:
        raise UserError(explain_nothing(root))
    _check_complete(root, [folder for _, folder in folders])
    return [describe_track(folder.name, s, _list_wavs(folder)) for s, folder in folders]


def describe_track(name: str, subset: Split, files: dict[str, Path]) -> TrackFiles:
    """Return a track from its folder's name, its subset and its files, the mixture among them."""
    artist, title = _split_name(name)
    published = _read_published().get(name, {"split": subset, "licence": ""})
    is_validation = published["split"] == "valid" and subset == "train"
    return TrackFiles(
        id=name,
        title=title,
        artist=artist,
        split="valid" if is_validation else subset,
        stems={stem: files[stem] for stem in STEMS},
        mixture=files[MIXTURE],
        licence=published["licence"],
        flags=tuple(sorted(find_errata(name))),
    )


def list_published() -> list[PublishedSong]:
    """Return the 150 songs with their official splits."""
    return [
        PublishedSong(name, *_split_name(name), cast(Split, row["split"]))
        for name, row in _read_published().items()
    ]


def find_errata(name: str) -> set[str]:
    """Return the known faults of a track, each as erratum:<stem>, e.g. erratum:vocals."""
    rows = read_facts("musdb18_errata")
    return {f"erratum:{row['stem']}" for row in rows if row["track"] == name}


def explain_nothing(root: Path) -> str:
    """Return why `root` holds no track, as far as its content tells."""
    if any(root.rglob("*.stem.mp4")):
        return (
            f"found 0 tracks because {root} holds .stem.mp4 files; use the data set musdb18 for "
            "them, or point MUSDB_PATH at MUSDB18-HQ."
        )
    inner = [path for path in root.glob("*/train") if path.is_dir()]
    if inner:
        return (
            f"found 0 tracks because train/ and test/ lie in {inner[0].parent}; give that folder."
        )
    return (
        f"found 0 tracks because {root} has no train/<Artist - Title>/*.wav and no test/ likewise; "
        "give the folder that holds train/ and test/."
    )


def _list_folders(folder: Path) -> Iterable[Path]:
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))


def _check_complete(root: Path, folders: Sequence[Path]) -> None:
    missing = {
        folder: [path.name for path in _list_wavs(folder).values() if not path.is_file()]
        for folder in folders
    }
    gaps = [
        f"{f.relative_to(root)} lacks {', '.join(names)}" for f, names in missing.items() if names
    ]
    refuse_faults(str(root), gaps, len(folders), "unpack or copy the set again")


def _list_wavs(folder: Path) -> dict[str, Path]:
    return {name: folder / f"{name}.wav" for name in (MIXTURE, *STEMS)}


def _split_name(name: str) -> tuple[str, str]:
    """Return artist and title of "Artist - Title"; a name without a dash is both."""
    artist, _, title = name.partition(" - ")
    return artist, title or name


def _read_published() -> dict[str, dict[str, str]]:
    return {row["track"]: row for row in read_facts("musdb18")}
