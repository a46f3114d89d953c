"""The score of a song as a standard MIDI file, one track a stem: the truth for note estimation."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import mido

from iass.synthesis.patches import Patch
from iass.synthesis.vocabulary import STEMS, Bend, Note

TICKS_PER_BEAT = 9600  # about 0.05 ms a tick at 120 bpm, finer than two samples of audio
DRUM_CHANNEL = 9
BEND_RANGE_SEMITONES = 2.0  # the General MIDI default
BEND_UNIT = 8192  # of a full bend


@dataclass(frozen=True)
class Part:
    """All that one stem plays."""

    patch: Patch
    notes: tuple[Note, ...]
    bends: tuple[Bend, ...]

    @property
    def is_drums(self) -> bool:
        """Whether the pitches are percussion keys."""
        return self.patch.stem == "drums"


def encode_midi(parts: Sequence[Part], tempo_bpm: float, seconds: float) -> bytes:
    """Return a standard MIDI file of type 1: a tempo track and one track a part, named as its
    stem; the drums on channel 10 (9 from zero).
    """
    tempo_us = round(60e6 / tempo_bpm)
    file = mido.MidiFile(type=1, ticks_per_beat=TICKS_PER_BEAT)
    head = [mido.MetaMessage("set_tempo", tempo=tempo_us, time=0)]
    file.tracks.append(mido.MidiTrack(head))
    file.tracks += [_write_track(part, tempo_us, seconds) for part in parts]
    buffer = io.BytesIO()
    file.save(file=buffer)
    return buffer.getvalue()


def bend_to_wheel(bend: Bend) -> int:
    """Return the MIDI pitch wheel of a bend, from -8192 to 8191."""
    wheel = round(bend.semitones / BEND_RANGE_SEMITONES * BEND_UNIT)
    return max(-BEND_UNIT, min(BEND_UNIT - 1, wheel))


def _write_track(part: Part, tempo_us: int, seconds: float) -> mido.MidiTrack:
    channel = DRUM_CHANNEL if part.is_drums else STEMS.index(part.patch.stem)
    track = mido.MidiTrack([mido.MetaMessage("track_name", name=part.patch.stem, time=0)])
    program = mido.Message("program_change", channel=channel, program=part.patch.program, time=0)
    track.append(program)
    now = 0
    for time_s, _, kind, values in _list_events(part):
        tick = round(mido.second2tick(time_s, TICKS_PER_BEAT, tempo_us))
        track.append(mido.Message(kind, channel=channel, time=tick - now, **values))
        now = tick
    end = round(mido.second2tick(seconds, TICKS_PER_BEAT, tempo_us))
    track.append(mido.MetaMessage("end_of_track", time=max(0, end - now)))
    return track


def _list_events(part: Part) -> list[tuple[float, int, str, dict[str, int]]]:
    """Return (seconds, order, kind, values): at one time, ends come before bends and starts."""
    events: list[tuple[float, int, str, dict[str, int]]] = []
    for note in part.notes:
        on = {"note": note.pitch, "velocity": note.velocity}
        events.append((note.start_s, 2, "note_on", on))
        events.append((note.end_s, 0, "note_off", {"note": note.pitch, "velocity": 0}))
    bends = [(b.time_s, 1, "pitchwheel", {"pitch": bend_to_wheel(b)}) for b in part.bends]
    return sorted([*events, *bends], key=lambda event: event[:2])
