"""Drum grooves and fills, as General MIDI percussion keys."""

from dataclasses import dataclass

import numpy as np

from iass.synthesis.rhythm import Passage, draw, read_rhythm
from iass.synthesis.vocabulary import Hit

KICK, RIM, SNARE, CLAP = 36, 37, 38, 39
CLOSED_HAT, OPEN_HAT, CRASH, RIDE, TAMBOURINE = 42, 46, 49, 51, 54
FLOOR_TOM, LOW_TOM, HIGH_TOM = 41, 45, 50
FILL_BEATS = 2.0
HIT_BEATS = 0.2  # length written for a struck drum
PAN_OF_KEY = {CLOSED_HAT: 40, OPEN_HAT: 40, CRASH: 30, RIDE: 92, TAMBOURINE: 92, FLOOR_TOM: 96}
PAN_OF_KEY |= {LOW_TOM: 80, HIGH_TOM: 48}  # MIDI controller 10, 64 = centre (also when not listed)


@dataclass(frozen=True)
class Groove:
    """A bar of drums: a rhythm for each limb, and the keys that the hands strike."""

    kick: str
    backbeat: str
    cymbal: str
    backbeat_key: int
    cymbal_key: int


CALM_GROOVES = (
    Groove("X-------X-------", "----X-------X---", "X-x-X-x-X-x-X-x-", SNARE, CLOSED_HAT),
    Groove("X-----x-X-------", "----X-------X---", "x-x-X-x-x-x-X-x-", RIM, CLOSED_HAT),
    Groove("X-------x-X-----", "----X-------X---", "X---x---X---x---", SNARE, RIDE),
    Groove("X-----X---X-----", "----X-------X--x", "XxxxXxxxXxxxXxxx", SNARE, CLOSED_HAT),
)
LOUD_GROOVES = (
    Groove("X-----x-X-x-----", "----X-------X---", "X-X-X-X-X-X-X-X-", SNARE, OPEN_HAT),
    Groove("X---X---X---X---", "----X-------X---", "--X---X---X---X-", CLAP, OPEN_HAT),
    Groove("X--x--X---X--x--", "----X--x----X--x", "X-x-X-x-X-x-X-x-", SNARE, RIDE),
    Groove("X-x---x-X-x---x-", "----X-------X-xx", "XxXxXxXxXxXxXxXx", SNARE, CLOSED_HAT),
)
FILLS = (  # two beats: high tom, low tom, floor tom, snare
    ("Xx------", "----Xx--", "------Xx", "--Xx----"),
    ("--------", "--X-----", "-----X-X", "X--XX-x-"),
    ("X-x-----", "----X-x-", "--------", "-x-x-xxX"),
)
FILL_KEYS = (HIGH_TOM, LOW_TOM, FLOOR_TOM, SNARE)


def play_drums(passage: Passage, rng: np.random.Generator) -> list[Hit]:
    """Play a groove, a crash on the first beat of a loud passage and a fill before the next."""
    groove = draw(LOUD_GROOVES if passage.is_loud else CALM_GROOVES, rng)
    has_fill = passage.beats >= 2 * FILL_BEATS and rng.random() < 0.75
    until = passage.beats - FILL_BEATS if has_fill else passage.beats
    fill = _play_fill(until, rng) if has_fill else []
    crash = [Hit(0.0, HIT_BEATS, CRASH, 0.9)] if passage.is_loud else []
    return crash + _play_groove(groove, until) + fill


def _play_groove(groove: Groove, beats: float) -> list[Hit]:
    return [
        *_strike(groove.kick, KICK, 0.0, beats, 1.0),
        *_strike(groove.backbeat, groove.backbeat_key, 0.0, beats, 1.0),
        *_strike(groove.cymbal, groove.cymbal_key, 0.0, beats, 0.75),
    ]


def _play_fill(start: float, rng: np.random.Generator) -> list[Hit]:
    fill = draw(FILLS, rng)
    kick = _strike("X---X---", KICK, start, FILL_BEATS, 0.9)
    rolls = [_strike(t, k, start, FILL_BEATS, 1.0) for t, k in zip(fill, FILL_KEYS, strict=True)]
    return kick + [hit for roll in rolls for hit in roll]


def _strike(text: str, key: int, start: float, beats: float, force: float) -> list[Hit]:
    if not set(text) & set("Xx"):
        return []
    strokes = read_rhythm(text, beats)
    return [Hit(start + s.beat, HIT_BEATS, key, force * s.strength) for s in strokes]
