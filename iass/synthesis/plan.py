"""What is played: tempo, key, sections, and who plays where (DATA, embedded sources).

Absences and training patches are dealt in turn instead of being drawn for each song, because with
24 songs an unlucky draw costs a target more than any setting of its network (DEMO).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np

from iass.foundation.card import Split
from iass.foundation.errors import UserError
from iass.synthesis.cast import choose_absences, choose_patches
from iass.synthesis.form import Section, choose_sections
from iass.synthesis.harmony import MAJOR, MINOR, OCTAVE, Key
from iass.synthesis.patches import Patch
from iass.synthesis.titles import draw_titles
from iass.synthesis.vocabulary import STEMS, make_rng

SPLITS: tuple[Split, ...] = ("train", "valid", "test")
SHORTEST_S = 0.5
SLOWEST_BPM, FASTEST_BPM = 86.0, 138.0
BAR_BEATS, HALF_BAR_BEATS = 4, 2  # songs of two bars or more are whole half bars


@dataclass(frozen=True)
class SongPlan:
    """All that `render_song` needs: `seconds` long, one patch per stem that plays at all, and the
    sections in order; `seed` settles every smaller decision.
    """

    id: str
    title: str
    split: Split
    seconds: float
    seed: int
    tempo_bpm: float
    key: Key
    patches: tuple[Patch, ...]
    sections: tuple[Section, ...]


def plan_songs(seed: int, songs: Mapping[str, int], seconds: Mapping[str, float]) -> list[SongPlan]:
    """Plan `songs[split]` songs of `seconds[split]` seconds for each split of train, valid, test.

    A plan depends on the seed, its split and the number of songs there, and on nothing else.
    Raises `UserError` for anything but whole numbers from 0 up (seed and songs), for an unknown
    split, and for a split without a length or with too short a one.
    """
    check_request(seed, songs, seconds)
    titles = draw_titles(make_rng(seed, len(SPLITS)), sum(songs.values()))
    plans: list[SongPlan] = []
    for split in SPLITS:
        plans += _plan_split(seed, split, songs.get(split, 0), seconds, titles)
    return plans


def check_request(seed: Any, songs: Any, seconds: Any) -> None:
    """UserError unless the options, of any type as a config gives them, can be planned."""
    _check_count("seed", seed)
    _check_splits("songs", songs)
    _check_splits("seconds", seconds)
    for split, count in songs.items():
        _check_count(f"songs.{split}", count)
        _check_length(split, seconds.get(split, None if count else SHORTEST_S))


def _check_count(option: str, value: Any) -> None:
    if type(value) is not int or value < 0:
        raise UserError(f"synthband's {option} is {value!r}; give a whole number from 0 up.")


def _check_splits(option: str, value: Any) -> None:
    if not isinstance(value, Mapping):
        raise UserError(f"synthband's {option} is {value!r}; give one number per split.")
    for split in value:
        if split not in SPLITS:
            raise UserError(f"synthband has no split {split!r}: use one of {', '.join(SPLITS)}.")


def _check_length(split: str, value: Any) -> None:
    if type(value) not in (int, float) or not SHORTEST_S <= value < inf:
        raise UserError(
            f"synthband's seconds.{split} is {value!r}; give {SHORTEST_S} s or more for each "
            f"{split} song."
        )


def _plan_split(
    seed: int, split: Split, count: int, seconds: Mapping[str, float], titles: list[str]
) -> list[SongPlan]:
    rng = make_rng(seed, SPLITS.index(split))
    absent = choose_absences(split, count, rng)
    casts = choose_patches(split, absent, rng)
    return [
        _plan_song(f"synthband-{split}-{i:03d}", titles.pop(), split, seconds[split], s, casts[i])
        for i, s in enumerate(rng.integers(2**32, size=count).tolist())
    ]


def _plan_song(
    name: str, title: str, split: Split, seconds: float, seed: int, patches: tuple[Patch, ...]
) -> SongPlan:
    rng = make_rng(seed, len(STEMS))
    beats = _choose_beats(seconds, rng)
    key = Key(int(rng.integers(OCTAVE)), MAJOR if rng.random() < 0.5 else MINOR)
    stems = [patch.stem for patch in patches]
    sections = choose_sections(stems, key, beats, seconds, rng)
    tempo_bpm = 60.0 * beats / seconds
    return SongPlan(name, title, split, seconds, seed, tempo_bpm, key, patches, sections)


def _choose_beats(seconds: float, rng: np.random.Generator) -> float:
    """Return the length in beats: whole half bars at a usual tempo, where that fits."""
    wanted = seconds / 60.0 * rng.uniform(SLOWEST_BPM, FASTEST_BPM)
    if wanted < 2 * BAR_BEATS:
        return float(max(1, round(wanted)))
    return float(HALF_BAR_BEATS * round(wanted / HALF_BAR_BEATS))
