"""Songs with metadata and folders of audio become tracks, or a sentence says what they lack."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from iass.datasets.multitracks.build import BuiltSong, SongBuilder
from iass.datasets.multitracks.card import MultitrackCard
from iass.datasets.multitracks.layout import fold_name, index_files, list_missing
from iass.datasets.multitracks.metadata import Song, Stem
from iass.datasets.multitracks.recipe import Grouping, Recipe, group_stems
from iass.datasets.splits import Assignment
from iass.foundation.card import Tools, TrackFiles
from iass.foundation.errors import UserError

BLEED = "bleed"  # flag of a song in whose stems other instruments are heard

_LISTED = 5  # songs in a sentence before the rest is counted


@dataclass(frozen=True)
class Material:
    """What a set's stems are made of: stem files with a mixture, or raw files without."""

    name: str
    has_stems: bool
    licence: str

    def list_files(self, stem: Stem) -> list[str]:
        """Return the names of the files whose mean is the stem."""
        return [stem.filename] if self.has_stems else [raw.filename for raw in stem.raws.values()]

    def find_mixture(self, song: Song, card: MultitrackCard) -> list[str]:
        """Return the name of the mixture's file, if there is one and it is wanted."""
        return [song.mix_filename] if self.has_stems and card.mixture == "file" else []


def build_tracks(
    tools: Tools,
    card: MultitrackCard,
    material: Material,
    songs: Sequence[tuple[Assignment, Song]],
    folders: Mapping[str, Sequence[Path]],
) -> list[TrackFiles]:
    """Build the songs whose folders are given by track id, and list them in their order.

    UserError names songs that are not there or lack a file, or a file that cannot be used.
    """
    files = {track: index_files(places) for track, places in folders.items()}
    _check_complete(card, material, [song for _, song in songs], files)
    groupings = [group_stems(song, card.labels == "broad") for _, song in songs]
    recipes = [
        _write_recipe(card, material, song, grouping, files[song.id])
        for (_, song), grouping in zip(songs, groupings, strict=True)
    ]
    build = SongBuilder(tools.folder / "songs")
    built = tools.run_parallel(build, recipes, f"{material.name}: stems")
    return [
        _describe(row, song, material, grouping.flags | recipe.find_shared(), made)
        for (row, song), grouping, recipe, made in zip(
            songs, groupings, recipes, built, strict=True
        )
    ]


def _check_complete(
    card: MultitrackCard,
    material: Material,
    songs: Sequence[Song],
    files: Mapping[str, Mapping[str, Path]],
) -> None:
    gaps = []
    for song in songs:
        if song.id not in files:
            gaps.append(f"{song.id} is not there")
        elif missing := list_missing(_list_names(card, material, song), files[song.id]):
            gaps.append(f"{song.id} lacks {', '.join(missing)}")
    if gaps:
        more = f"; and {len(gaps) - _LISTED} more" if len(gaps) > _LISTED else ""
        raise UserError(
            f"{material.name}: {len(gaps)} of {len(songs)} songs are incomplete: "
            f"{'; '.join(gaps[:_LISTED])}{more}; get them or name them in the option 'leave_out'."
        )


def _list_names(card: MultitrackCard, material: Material, song: Song) -> list[str]:
    stems = [name for stem in song.stems.values() for name in material.list_files(stem)]
    return stems + material.find_mixture(song, card)


def _write_recipe(
    card: MultitrackCard,
    material: Material,
    song: Song,
    grouping: Grouping,
    files: Mapping[str, Path],
) -> Recipe:
    def find(names: Sequence[str]) -> tuple[Path, ...]:
        return tuple(files[fold_name(name)] for name in names)

    mixture = find(material.find_mixture(song, card))
    return Recipe(
        track=song.id,
        groups={
            group: tuple(find(material.list_files(song.stems[key])) for key in keys)
            for group, keys in grouping.stems.items()
        },
        mixture=mixture[0] if mixture else None,
        sums_mixture=card.mixture == "file" and not mixture,
    )


def _describe(
    row: Assignment, song: Song, material: Material, oddities: Set[str], built: BuiltSong
) -> TrackFiles:
    flags = {*built.flags, *oddities, *([BLEED] if song.has_bleed else [])}
    return TrackFiles(
        id=song.id,
        title=song.title,
        artist=song.artist,
        split=row.split,
        stems=built.stems,
        mixture=built.mixture,
        licence=material.licence,
        flags=tuple(sorted(flags)),
    )
