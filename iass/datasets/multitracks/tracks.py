"""Songs with metadata and folders of audio become tracks, or a sentence says what they lack."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.build import BuiltSong, SongBuilder
from iass.datasets.multitracks.card import MultitrackCard
from iass.datasets.multitracks.layout import find_clash, fold_name, index_files, list_missing
from iass.datasets.multitracks.metadata import Song, Stem
from iass.datasets.multitracks.recipe import Grouping, Recipe, group_stems
from iass.datasets.splits import Assignment
from iass.foundation.card import Tools, TrackFiles
from iass.foundation.faults import make_all, refuse_faults

BLEED = "bleed"  # flag of a song in whose stems other instruments are heard


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

    Flags: those of `group_stems`, `Recipe.find_shared`, `build_song` and `find_errata`, and bleed.

    UserError names songs that are not there, lack a file or have two for one, or files that cannot
    be used.
    """
    files = {track: index_files(places) for track, places in folders.items()}
    _check_complete(card, material, [song for _, song in songs], files)
    groupings = [group_stems(song, card.labels == "broad") for _, song in songs]
    recipes = [
        _write_recipe(card, material, song, grouping, files[song.id])
        for (_, song), grouping in zip(songs, groupings, strict=True)
    ]
    built = make_all(tools, SongBuilder(tools.folder / "songs"), recipes, f"{material.name}: stems")
    oddities = [
        grouping.flags | recipe.find_shared() | find_errata(material, song, grouping)
        for (_, song), grouping, recipe in zip(songs, groupings, recipes, strict=True)
    ]
    return [
        _describe(row, song, material, odd, made)
        for (row, song), odd, made in zip(songs, oddities, built, strict=True)
    ]


def find_errata(material: Material, song: Song, grouping: Grouping) -> set[str]:
    """Return erratum:<group> for each stem that is known to hold bleed in a song not tagged so.

    An experiment's `errata` keeps or drops such songs. Where later metadata do tag the song, the
    flag bleed says it, and the card's option `bleed` is asked.
    """
    known = {row["file"] for row in read_facts("medleydb_errata") if row["fault"] == BLEED}
    return {
        f"erratum:{group}"
        for group, keys in grouping.stems.items()
        for key in keys
        if not song.has_bleed and known.intersection(material.list_files(song.stems[key]))
    }


def _check_complete(
    card: MultitrackCard,
    material: Material,
    songs: Sequence[Song],
    files: Mapping[str, Mapping[str, Sequence[Path]]],
) -> None:
    faults = [
        _find_fault(song.id, _list_names(card, material, song), files.get(song.id))
        for song in songs
    ]
    remedy = "complete or correct the copy, or name these songs in the option 'leave_out'"
    refuse_faults(material.name, [fault for fault in faults if fault], len(songs), remedy)


def _find_fault(
    track: str, names: Sequence[str], files: Mapping[str, Sequence[Path]] | None
) -> str | None:
    """Return what is wrong with a song's files; more files than are wanted are nothing wrong."""
    if files is None:
        return f"{track} is not there"
    if missing := list_missing(names, files):
        return f"{track} lacks {', '.join(missing)}"
    if clash := find_clash(names, files):
        return f"{clash[0]} and {clash[1]} have one name: remove the one that is not the song's"
    return None


def _list_names(card: MultitrackCard, material: Material, song: Song) -> list[str]:
    stems = [name for stem in song.stems.values() for name in material.list_files(stem)]
    return stems + material.find_mixture(song, card)


def _write_recipe(
    card: MultitrackCard,
    material: Material,
    song: Song,
    grouping: Grouping,
    files: Mapping[str, Sequence[Path]],
) -> Recipe:
    def find(names: Sequence[str]) -> tuple[Path, ...]:
        return tuple(files[fold_name(name)][0] for name in names)

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
