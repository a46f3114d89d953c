"""The form of a song: its sections, their chords, and which stems play in each."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iass.synthesis.harmony import Key, progressions_of
from iass.synthesis.rhythm import draw

SHORT_SECTION_S = 2.4  # in songs of some seconds
LONG_SECTION_S = 14.0  # in songs of some minutes
SHORT_SECTION_BEATS = 12.0  # sections shorter than three bars change chords twice a bar
SHORT_CHORD_BEATS, CHORD_BEATS = 2.0, 4.0
GRIDS_BEATS = (4.0, 2.0, 1.0)  # sections start on a bar, else a half bar, else a beat
FORM = ("intro", "verse", "chorus", "break", "verse", "chorus", "bridge", "chorus")
LOUD_SECTIONS = ("chorus",)
FEWEST_PLAYING = 2  # stems in any section, so that a mixture is never one stem or silence

# Share of the sections in which a stem plays, in the songs where it plays at all: with whole-song
# absences near 0.55 of all sections (DEMO).
PLAYING_SHARE = {"vocals": 0.68, "drums": 0.70, "bass": 0.70}
USUAL_PLAYING_SHARE = 0.64
# How much likelier a stem plays in a kind of section; 0 where nothing is said.
FAVOUR = {
    ("vocals", "intro"): -1.0,
    ("vocals", "verse"): 0.6,
    ("vocals", "chorus"): 0.8,
    ("vocals", "break"): -0.6,
    ("drums", "intro"): -0.3,
    ("drums", "chorus"): 0.4,
    ("drums", "break"): -0.4,
    ("bass", "intro"): -0.4,
    ("bass", "chorus"): 0.4,
    ("electric_guitar", "chorus"): 0.3,
    ("ensemble", "chorus"): 0.3,
    ("acoustic_guitar", "intro"): 0.4,
    ("piano", "intro"): 0.3,
    ("piano", "bridge"): 0.3,
}


@dataclass(frozen=True)
class Section:
    """A stretch of a song: where it starts and how long it is, in beats, its chords as scale
    degrees (a new one every `chord_beats`, in turn), and the stems that play.
    """

    kind: str
    start_beat: float
    beats: float
    degrees: tuple[int, ...]
    chord_beats: float
    playing: tuple[str, ...]

    @property
    def is_loud(self) -> bool:
        """Whether everybody plays out."""
        return self.kind in LOUD_SECTIONS


def choose_sections(
    stems: Sequence[str], key: Key, beats: float, seconds: float, rng: np.random.Generator
) -> tuple[Section, ...]:
    """Divide a song into sections and let each of `stems` play in some of them, never in none.

    Sections of one kind share their chords; in a song of two or more sections most stems pause.
    """
    bounds = _choose_bounds(beats, seconds)
    is_short = beats / (len(bounds) - 1) < SHORT_SECTION_BEATS
    chord_beats = SHORT_CHORD_BEATS if is_short else CHORD_BEATS
    kinds = [FORM[i % len(FORM)] for i in range(len(bounds) - 1)]
    degrees = {kind: draw(progressions_of(key), rng) for kind in sorted(set(kinds))}
    playing = _choose_playing(stems, kinds, rng)
    sections = []
    for i, (kind, start, end) in enumerate(zip(kinds, bounds[:-1], bounds[1:], strict=True)):
        chords = _rotate(degrees[kind], kinds[:i].count(kind), (end - start) / chord_beats)
        players = tuple(stem for stem in stems if i in playing[stem])
        sections.append(Section(kind, start, end - start, chords, chord_beats, players))
    return tuple(sections)


def _rotate(degrees: tuple[int, ...], times: int, chords: float) -> tuple[int, ...]:
    """Go on where the last section of that kind, of `chords` chords, broke off."""
    first = times * round(chords) % len(degrees)
    return degrees[first:] + degrees[:first]


def _choose_bounds(beats: float, seconds: float) -> list[float]:
    """Return the first beat of each section and the end, equally far apart but for the grid."""
    count = max(2, round(min(seconds / SHORT_SECTION_S, 5 + seconds / LONG_SECTION_S)))
    grid = next((g for g in GRIDS_BEATS if g * count <= beats), beats / count)
    return [round(i * beats / count / grid) * grid for i in range(count)] + [beats]


def _choose_playing(
    stems: Sequence[str], kinds: Sequence[str], rng: np.random.Generator
) -> dict[str, set[int]]:
    playing = {stem: _choose_sections_of(stem, kinds, rng) for stem in stems}
    for i in range(len(kinds)):
        idle = [stem for stem in stems if i not in playing[stem]]
        missing = max(0, FEWEST_PLAYING - (len(stems) - len(idle)))
        for stem in rng.permutation(idle)[:missing].tolist():
            playing[stem].add(i)
    return playing


def _choose_sections_of(stem: str, kinds: Sequence[str], rng: np.random.Generator) -> set[int]:
    share = PLAYING_SHARE.get(stem, USUAL_PLAYING_SHARE)
    count = int(np.clip(int(share * len(kinds) + rng.random()), 1, len(kinds)))
    wish = [FAVOUR.get((stem, kind), 0.0) + rng.random() for kind in kinds]
    return set(np.argsort(wish)[-count:].tolist())
