"""From a plan to played notes: manners are chosen, chords built, timing and touch made human."""

from dataclasses import replace

import numpy as np

from iass.synthesis.form import Section
from iass.synthesis.harmony import build_chord
from iass.synthesis.patches import Patch
from iass.synthesis.plan import SongPlan
from iass.synthesis.rhythm import Passage, draw
from iass.synthesis.vocabulary import STEMS, Hit, Note, make_rng

TIMING_S = 0.006  # standard deviation of an attack around its written time
TOUCH = 0.05  # standard deviation of the strength
LOUD_TOUCH = 0.1  # added in choruses
ARTICULATION = 0.95  # share of the written length that a note sounds
SHORTEST_NOTE_S = 0.03
SEVENTHS_SHARE = 0.35  # of the songs
KINDS_STREAM, HUMAN_STREAM = 1, 2  # of a stem's random numbers


def perform(plan: SongPlan, patch: Patch) -> list[Note]:
    """Return the notes that a patch plays in a song, in order of their starts.

    Notes lie within the sections in which the stem plays; no two notes of one pitch overlap.
    """
    stem = STEMS.index(patch.stem)
    rng = make_rng(plan.seed, stem, HUMAN_STREAM)
    notes: list[Note] = []
    for section in plan.sections:
        if patch.stem in section.playing:
            notes += _play_section(plan, patch, section, rng)
    return _separate_repeats(sorted(notes, key=lambda note: (note.start_s, note.pitch)))


def list_kinds(plan: SongPlan) -> list[str]:
    """Return the kinds of sections of a song, each once."""
    return sorted({section.kind for section in plan.sections})


def _play_section(
    plan: SongPlan, patch: Patch, section: Section, rng: np.random.Generator
) -> list[Note]:
    kind_rng = make_rng(
        plan.seed, STEMS.index(patch.stem), KINDS_STREAM, list_kinds(plan).index(section.kind)
    )
    manner = draw(patch.manners, kind_rng)
    hits = manner(_read_passage(plan, section), kind_rng)
    return [_humanise(hit, plan, section, rng) for hit in hits]


def _read_passage(plan: SongPlan, section: Section) -> Passage:
    has_sevenths = make_rng(plan.seed, len(STEMS), KINDS_STREAM).random() < SEVENTHS_SHARE
    chords = tuple(build_chord(plan.key, degree, has_sevenths) for degree in section.degrees)
    return Passage(section.beats, chords, section.chord_beats, plan.key, section.is_loud)


def _humanise(hit: Hit, plan: SongPlan, section: Section, rng: np.random.Generator) -> Note:
    beat_s = 60.0 / plan.tempo_bpm
    first_s = section.start_beat * beat_s
    last_s = first_s + section.beats * beat_s
    start_s = first_s + hit.beat * beat_s + TIMING_S * float(np.clip(rng.normal(), -2, 2))
    start_s = float(np.clip(start_s, first_s, last_s - SHORTEST_NOTE_S))
    length_s = max(ARTICULATION * hit.length * beat_s, SHORTEST_NOTE_S)
    strength = hit.strength + TOUCH * rng.normal() + LOUD_TOUCH * section.is_loud
    velocity = int(np.clip(round(127 * strength), 20, 127))
    return Note(start_s, min(start_s + length_s, last_s), hit.pitch, velocity)


def _separate_repeats(notes: list[Note]) -> list[Note]:
    """End each note before the next of its pitch; of two that start together, keep the later."""
    kept: list[Note] = []
    next_start: dict[int, float] = {}
    for note in reversed(notes):
        end_s = min(note.end_s, next_start.get(note.pitch, note.end_s))
        if end_s - note.start_s >= SHORTEST_NOTE_S / 2:
            kept.append(replace(note, end_s=end_s))
            next_start[note.pitch] = note.start_s
    return kept[::-1]
