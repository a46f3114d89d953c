"""What each stem of a song is made of, by its labels."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from iass.datasets.multitracks.labels import find_target, is_known, normalise_label
from iass.datasets.multitracks.metadata import Song, Stem

REST = "rest"  # the stem of everything that is no target


@dataclass(frozen=True)
class Grouping:
    """Keys of a song's stems by target, `rest` among them, and what is odd about the labels."""

    stems: Mapping[str, tuple[str, ...]]
    flags: frozenset[str]


@dataclass(frozen=True)
class Recipe:
    """The files of a song. A group is a tuple of stems, a stem a tuple of files.

    A stem is the mean of its files, a group the sum of its stems. The mixture is the set's own
    file where there is one, and else, if `sums_mixture`, the sum of the groups as a file.
    """

    track: str
    groups: Mapping[str, tuple[tuple[Path, ...], ...]]
    mixture: Path | None
    sums_mixture: bool

    def list_files(self) -> list[Path]:
        """Return every file, the mixture last."""
        groups = [file for stems in self.groups.values() for stem in stems for file in stem]
        return [*groups, *([self.mixture] if self.mixture else [])]

    def find_shared(self) -> set[str]:
        """Return the groups that have a file in common, as the flag shared:<groups>."""
        groups: defaultdict[Path, set[str]] = defaultdict(set)
        for group, stems in self.groups.items():
            for file in (file for stem in stems for file in stem):
                groups[file].add(group)
        return {f"shared:{'+'.join(sorted(found))}" for found in groups.values() if len(found) > 1}


def group_stems(song: Song, broad: bool) -> Grouping:
    """Put each stem to the target that all its labels name, and else to `rest`.

    Flags, which only tell: mixed:<targets> for a stem with labels of a target and of something
    else; rest_holds:<target> where a stem of the rest has a broad label of a target, so that the
    mixture without the target's own stem still holds it (strict labels only); unknown_label:<label>
    for a label that nobody has judged.
    """
    stems: defaultdict[str, list[str]] = defaultdict(list)
    flags: set[str] = set()
    for key, stem in song.stems.items():
        found = {_find_group(label, broad) for label in stem.labels}
        stems[found.pop() if len(found) == 1 else REST].append(key)
        flags |= _list_flags(stem, broad)
    return Grouping({group: tuple(keys) for group, keys in sorted(stems.items())}, frozenset(flags))


def _find_group(label: str, broad: bool) -> str:
    return (find_target(label, broad) if is_known(label) else None) or REST


def _list_flags(stem: Stem, broad: bool) -> set[str]:
    groups = {_find_group(label, broad) for label in stem.labels}
    unknown = {normalise_label(label) for label in stem.labels if not is_known(label)}
    flags = {f"unknown_label:{label.replace(' ', '_')}" for label in unknown}
    if len(groups) > 1:
        flags.add(f"mixed:{'+'.join(sorted(groups - {REST}))}")
    held = {_find_group(label, broad=True) for label in stem.labels} - groups - {REST}
    return flags | {f"rest_holds:{target}" for target in held}
