"""What the voices sing: phrases with rests, now and then in thirds."""

import math
from collections.abc import Sequence

import numpy as np

from iass.synthesis.parts import play_line
from iass.synthesis.rhythm import Passage
from iass.synthesis.vocabulary import Bend, Hit, Note

LOW, HIGH = 57, 77  # MIDI pitches, A3 to F5
PHRASES = (  # two bars each
    "X.x.x...x.x.X.....--x.x.X.......",
    "X...x.x.X.......X.x.x.x.X.....--",
    "--x.x.x.X...x...--x.x.x.X.......",
    "X.....x.X.x.x...X.....x.x.......",
    "X.xxx.x.X...x.x.X.xxx.x.X.....--",
    "X.......x...x...X...........----",
)
SCOOP_S = 0.07  # a sung note slides up into its pitch in this time
SCOOP_SEMITONES = 0.6
VIBRATO_DELAY_S = 0.18
VIBRATO_RISE_S = 0.25
BEND_STEP_S = 0.01
TOGETHER_S = 0.03  # voices that start closer than this share a bend


def sing_line(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Sing one line of phrases."""
    return play_line(passage, rng, PHRASES, LOW, HIGH)


def sing_thirds(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Sing a line with a second voice a third of the scale below it."""
    line = sing_line(passage, rng)
    ladder = passage.key.ladder(LOW - 12, HIGH)
    below = [Hit(h.beat, h.length, _third_below(ladder, h.pitch), 0.8 * h.strength) for h in line]
    return line + below


def bend_notes(notes: Sequence[Note], rng: np.random.Generator) -> tuple[Bend, ...]:
    """Give each sung note a scoop at its start and a vibrato that sets in late; voices that start
    together share the bend.
    """
    rate_hz = rng.uniform(4.8, 6.2)
    depth_semitones = rng.uniform(0.15, 0.4)
    leads = _list_leads(notes)
    ends = [note.start_s for note in leads[1:]] + [math.inf]
    bends: list[Bend] = []
    for note, end_s in zip(leads, ends, strict=True):
        times = np.arange(0.0, min(note.end_s, end_s) - note.start_s, BEND_STEP_S)
        rise = np.clip((times - VIBRATO_DELAY_S) / VIBRATO_RISE_S, 0.0, 1.0)
        vibrato = depth_semitones * rise * np.sin(2 * np.pi * rate_hz * times)
        scoop = -SCOOP_SEMITONES * np.clip(1.0 - times / SCOOP_S, 0.0, 1.0)
        curve = vibrato + scoop
        bends += [
            Bend(note.start_s + t, float(c)) for t, c in zip(times.tolist(), curve, strict=True)
        ]
    return tuple(bends)


def _list_leads(notes: Sequence[Note]) -> list[Note]:
    """Return the first note of each group that starts together."""
    leads: list[Note] = []
    for note in notes:
        if not leads or note.start_s - leads[-1].start_s > TOGETHER_S:
            leads.append(note)
    return leads


def _third_below(ladder: list[int], pitch: int) -> int:
    return ladder[max(ladder.index(pitch) - 2, 0)]
