"""One song: from its plan alone to stems, mixture and notes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iass.foundation.audio import write_wav
from iass.foundation.files import write_bytes
from iass.synthesis import effects
from iass.synthesis.effects import Audio
from iass.synthesis.midi import Part, encode_midi
from iass.synthesis.mix import balance_stems, draw_peak_db, quantise_stems
from iass.synthesis.patches import Patch
from iass.synthesis.performance import perform
from iass.synthesis.plan import SongPlan
from iass.synthesis.render import render_part
from iass.synthesis.vocabulary import RATE_HZ, STEMS, make_rng
from iass.synthesis.vocals import bend_notes

SOUND_STREAM, MIX_STREAM = 3, 4  # of a song's random numbers
# The widest pan (0 centre, 1 side) and the share of the room for each stem.
PAN_WIDTH = {"electric_guitar": 0.6, "acoustic_guitar": 0.6, "piano": 0.4, "ensemble": 0.4}
ROOM_SEND = {"vocals": 0.2, "drums": 0.15, "bass": 0.0}
USUAL_ROOM_SEND = 0.22


@dataclass(frozen=True)
class Song:
    """A rendered song at 44.1 kHz: seven `stems` and their exact sum `mixture`, each int16 of
    shape (2, samples), and the notes as a standard MIDI file.
    """

    stems: dict[str, NDArray[np.int16]]
    mixture: NDArray[np.int16]
    midi: bytes


def render_song(plan: SongPlan) -> Song:
    """Render a plan; equal plans give equal bytes, in any process and any order.

    Raises `UserError` where the sound font is not installed.
    """
    samples = round(plan.seconds * RATE_HZ)
    parts = [_arrange(plan, patch) for patch in plan.patches]
    rng = make_rng(plan.seed, len(STEMS), MIX_STREAM)
    room = effects.build_room(rng)
    sounds = {part.patch.stem: _produce(plan, part, room, samples) for part in parts}
    silence = np.zeros((2, samples), np.float32)
    stems = {name: sounds.get(name, silence) for name in STEMS}
    ints, mixture = quantise_stems(balance_stems(stems, rng), draw_peak_db(rng))
    return Song(ints, mixture, encode_midi(parts, plan.tempo_bpm, plan.seconds))


def write_song(song: Song, folder: Path) -> None:
    """Write mixture.wav and one WAV a stem (16-bit PCM, 44.1 kHz) and notes.mid into `folder`."""
    for name, audio in {"mixture": song.mixture, **song.stems}.items():
        write_wav(folder / f"{name}.wav", audio, RATE_HZ)
    write_bytes(folder / "notes.mid", song.midi)


def _arrange(plan: SongPlan, patch: Patch) -> Part:
    notes = tuple(perform(plan, patch))
    rng = make_rng(plan.seed, STEMS.index(patch.stem), SOUND_STREAM)
    return Part(patch, notes, bend_notes(notes, rng) if patch.stem == "vocals" else ())


def _produce(plan: SongPlan, part: Part, room: Audio, samples: int) -> Audio:
    """Render, shape and place one stem; returns (channels, samples)."""
    stem = part.patch.stem
    rng = make_rng(plan.seed, STEMS.index(stem), MIX_STREAM)
    sound = _shape(part, render_part(part, samples), rng)
    pan = PAN_WIDTH.get(stem, 0.0) * rng.uniform(-1, 1)
    placed = effects.place_in_room(sound, room, pan, ROOM_SEND.get(stem, USUAL_ROOM_SEND))
    return effects.fade_outside(placed, _list_spans(plan, stem))


def _shape(part: Part, sound: Audio, rng: np.random.Generator) -> Audio:
    patch = part.patch
    sound = sound if part.is_drums else effects.block_offset(sound)
    if patch.drive:
        sound = effects.drive_amplifier(sound, patch.drive)
    if patch.tilt_db:
        sound = effects.tilt_treble(sound, patch.tilt_db)
    if patch.stem == "vocals":
        sound = effects.shape_vowels(sound, part.notes, rng)
        sound = effects.add_consonants(sound, part.notes, rng)
    return sound


def _list_spans(plan: SongPlan, stem: str) -> list[tuple[float, float]]:
    beat_s = 60.0 / plan.tempo_bpm
    return [
        (section.start_beat * beat_s, (section.start_beat + section.beats) * beat_s)
        for section in plan.sections
        if stem in section.playing
    ]
