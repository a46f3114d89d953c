"""What bass, guitars, keyboards and ensembles play: each function reads a passage, writes notes.

Every function returns at least one note for any passage, however short.
"""

from collections.abc import Callable

import numpy as np

from iass.synthesis.rhythm import Passage, Stroke, draw, read_rhythm
from iass.synthesis.vocabulary import Hit

Manner = Callable[[Passage, np.random.Generator], list[Hit]]

BASS_LOW = 28  # E1, the lowest string
GUITAR_LOW = 40  # E2
POWER_LOW = 38
KEYS_LOW = 55  # right hand of a keyboard
LEFT_LOW = 36
PAD_LOW = 53
BRASS_LOW = 58
STRUM_BEATS = 0.025  # from one string to the next

BASS_RHYTHMS = (
    "X-x-X-x-X-x-X-x-",
    "X.....x.X.....x.",
    "X..x..X...x.X.x.",
    "X.......x...x...",
    "X--x--x-X--x--x-",
)
STRUM_RHYTHMS = (
    "X...x.x.--x.x.x.",
    "X...X.x...x.X.x.",
    "X..x..X.x..x..x.",
    "X.x.X.x.X.x.X.x.",
)
CHOP_RHYTHMS = ("--X---X---X---X-", "X-----x-X-----x-", "X--x--x---X--x--", "----X-----x-X---")
CHUG_RHYTHMS = ("X-x-x-x-X-x-x-x-", "X.--xxX.--xxX.x.", "X.......X...x.x.", "X-xxX-xxX-xxX-xx")
COMP_RHYTHMS = (
    "X.......X.......",
    "X..x..X...x..x..",
    "X...X...X...X...",
    "X.x...x.X.x...x.",
)
PAD_RHYTHMS = ("X...............", "X...........x...", "X.......X.......")
STAB_RHYTHMS = ("X--x--X---------", "X-----X-x.......", "X...--xxX---X---")
LEAD_RHYTHMS = ("X...x.x.X.....x.", "X.x.x...X.x.x.x.", "X.....x.x.x.X...", "X..x..x.X.......")


def play_bass_roots(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play roots, with the fifth or the octave on weak strokes."""
    strokes = read_rhythm(draw(BASS_RHYTHMS, rng), passage.beats)
    leap = draw((0, 7, 12), rng)
    return [_play_root(passage, s, 0 if s.is_accent else leap) for s in strokes]


def play_bass_walk(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Walk in quarter or eighth notes through the chord tones and back to each root."""
    strokes = read_rhythm(draw(("X...x...x...x...", "X.x.x.x.x.x.x.x."), rng), passage.beats)
    order = draw(((0, 1, 2, 1), (0, 2, 3, 2), (0, 1, 2, 3)), rng)
    return [_walk(passage, s, order) for s in strokes]


def play_strums(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Strum full chords, down on accents and up, thinner, on the others."""
    strokes = read_rhythm(draw(STRUM_RHYTHMS, rng), passage.beats)
    return [hit for s in strokes for hit in _strum(passage, s)]


def play_picking(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Pick the strings of a guitar chord one after another, the bass string on accents."""
    order = draw(((0, 2, 3, 4, 3, 2), (0, 3, 2, 4, 1, 3, 2, 4), (0, 2, 1, 3, 2, 4, 3, 2)), rng)
    strokes = read_rhythm("X.x.x.x.X.x.x.x.", passage.beats)
    return [
        Hit(s.beat, min(2.5 * s.length, passage.beats - s.beat), pitch, 0.9 * s.strength)
        for i, s in enumerate(strokes)
        for pitch in [_guitar_chord(passage, s, 5)[order[i % len(order)]]]
    ]


def play_power_chords(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play root, fifth and octave, short or held: a distorted rhythm guitar."""
    strokes = read_rhythm(draw(CHUG_RHYTHMS, rng), passage.beats)
    return [
        Hit(s.beat, s.length, root + gap, s.strength)
        for s in strokes
        for root in [passage.chord_at(s.beat).root_above(POWER_LOW)]
        for gap in (0, 7, 12)
    ]


def play_chops(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play short chords high on the neck, off the beat: a clean rhythm guitar."""
    strokes = read_rhythm(draw(CHOP_RHYTHMS, rng), passage.beats)
    return [hit for s in strokes for hit in _block(passage, s, KEYS_LOW, 4)]


def play_riff(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play one line of scale tones: a lead guitar or a solo."""
    return play_line(passage, rng, LEAD_RHYTHMS, low=57, high=79)


def play_comping(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play chords in the right hand over roots in the left: a piano."""
    strokes = read_rhythm(draw(COMP_RHYTHMS, rng), passage.beats)
    low = int(rng.integers(KEYS_LOW, KEYS_LOW + 8))
    left = read_rhythm(
        draw(("X.......X.......", "X.....x.X.......", "X..............."), rng), passage.beats
    )
    bass = [Hit(s.beat, s.length, passage.chord_at(s.beat).root_above(LEFT_LOW), 0.6) for s in left]
    return bass + [hit for s in strokes for hit in _block(passage, s, low, 3)]


def play_arpeggio(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Run up and down the chord in eighth or sixteenth notes, the pedal held over each bar."""
    strokes = read_rhythm(draw(("X.x.x.x.X.x.x.x.", "XxxxXxxxXxxxXxxx"), rng), passage.beats)
    order = draw(((0, 1, 2, 3, 4, 3, 2, 1), (0, 2, 1, 3, 2, 4, 3, 1), (0, 2, 4, 3)), rng)
    low = int(rng.integers(48, 56))
    return [
        Hit(s.beat, min(1.5, passage.beats - s.beat), pitch, 0.85 * s.strength)
        for i, s in enumerate(strokes)
        for pitch in [passage.chord_at(s.beat).stack(low, 5)[order[i % len(order)]]]
    ]


def play_pad(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Hold four-part chords: strings or an organ."""
    strokes = read_rhythm(draw(PAD_RHYTHMS, rng), passage.beats)
    return [hit for s in strokes for hit in _block(passage, s, PAD_LOW, 4)]


def play_stabs(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play short accented chords: brass."""
    strokes = read_rhythm(draw(STAB_RHYTHMS, rng), passage.beats)
    return [hit for s in strokes for hit in _block(passage, s, BRASS_LOW, 3)]


def play_counter_line(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play a slow line in octaves: a string or brass section in unison."""
    line = play_line(
        passage, rng, ("X.......x...x...", "X...........x...", "X.......X......."), 60, 79
    )
    return line + [Hit(h.beat, h.length, h.pitch - 12, h.strength) for h in line]


def play_line(
    passage: Passage, rng: np.random.Generator, rhythms: tuple[str, ...], low: int, high: int
) -> list[Hit]:
    """Wander in the scale between two MIDI pitches, landing on chord tones with every accent."""
    ladder = passage.key.ladder(low, high)
    strokes = read_rhythm(draw(rhythms, rng), passage.beats)
    at = int(rng.integers(len(ladder) // 4, 3 * len(ladder) // 4))
    hits = []
    for stroke in strokes:
        at = int(np.clip(at + rng.choice((-2, -1, -1, 0, 1, 1, 2, 3)), 0, len(ladder) - 1))
        at = _land(passage, stroke, ladder, at) if stroke.is_accent else at
        hits.append(Hit(stroke.beat, stroke.length, ladder[at], stroke.strength))
    return hits


def _land(passage: Passage, stroke: Stroke, ladder: list[int], at: int) -> int:
    classes = passage.chord_at(stroke.beat).classes
    steps = [i for i, pitch in enumerate(ladder) if pitch % 12 in classes]
    return min(steps, key=lambda i: abs(i - at))


def _play_root(passage: Passage, stroke: Stroke, leap: int) -> Hit:
    root = passage.chord_at(stroke.beat).root_above(BASS_LOW)
    return Hit(stroke.beat, stroke.length, root + leap, stroke.strength)


def _walk(passage: Passage, stroke: Stroke, order: tuple[int, ...]) -> Hit:
    chord = passage.chord_at(stroke.beat)
    pitch = chord.stack(chord.root_above(BASS_LOW), 4)[order[int(stroke.beat) % len(order)]]
    return Hit(stroke.beat, stroke.length, pitch, stroke.strength)


def _guitar_chord(passage: Passage, stroke: Stroke, strings: int) -> list[int]:
    chord = passage.chord_at(stroke.beat)
    root = chord.root_above(GUITAR_LOW)
    return [root, *chord.stack(root + 5, strings - 1)]


def _strum(passage: Passage, stroke: Stroke) -> list[Hit]:
    chord = _guitar_chord(passage, stroke, 6)
    strings = chord if stroke.is_accent else chord[:2:-1]
    return [
        Hit(stroke.beat + i * STRUM_BEATS, stroke.length - i * STRUM_BEATS, p, stroke.strength)
        for i, p in enumerate(strings)
        if i == 0 or stroke.length > 2 * i * STRUM_BEATS
    ]


def _block(passage: Passage, stroke: Stroke, low: int, count: int) -> list[Hit]:
    chord = passage.chord_at(stroke.beat).stack(low, count)
    return [Hit(stroke.beat, stroke.length, pitch, stroke.strength) for pitch in chord]
