"""Rhythms written as text, sixteenth notes in a row: `X` accent, `x` stroke, `.` hold, `-` rest."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from iass.synthesis.harmony import Chord, Key

T = TypeVar("T")
STEP_BEATS = 0.25  # a sixteenth note, in beats


@dataclass(frozen=True)
class Stroke:
    """One attack of a rhythm: `beat` and `length` in beats, and whether it is an accent."""

    beat: float
    length: float
    is_accent: bool

    @property
    def strength(self) -> float:
        """How hard it is played, from 0 to 1."""
        return 0.85 if self.is_accent else 0.65


@dataclass(frozen=True)
class Passage:
    """What a player reads: `beats` long, a new chord (in turn) every
    `chord_beats`, in a key; `is_loud` in
    choruses.
    """

    beats: float
    chords: tuple[Chord, ...]
    chord_beats: float
    key: Key
    is_loud: bool

    def chord_at(self, beat: float) -> Chord:
        """Return the chord that sounds at a beat of the passage."""
        return self.chords[int(beat // self.chord_beats) % len(self.chords)]


def read_rhythm(text: str, beats: float) -> list[Stroke]:
    """Repeat a rhythm over `beats`; a rhythm without an attack in that time gives one long one."""
    n_steps = math.ceil(beats / STEP_BEATS)
    steps = (text * math.ceil(n_steps / len(text)))[:n_steps]
    strokes = [_read_stroke(steps, at, beats) for at, mark in enumerate(steps) if mark in "Xx"]
    return strokes or [Stroke(0.0, beats, True)]


def draw(options: Sequence[T], rng: np.random.Generator) -> T:
    """Draw one of `options`, each as likely."""
    return options[int(rng.integers(len(options)))]


def _read_stroke(steps: str, at: int, beats: float) -> Stroke:
    held = len(steps[at + 1 :]) - len(steps[at + 1 :].lstrip("."))
    end = min((at + 1 + held) * STEP_BEATS, beats)
    return Stroke(at * STEP_BEATS, end - at * STEP_BEATS, steps[at] == "X")
