"""Notes to sound: General MIDI patches of TimGM6mb.sf2 played by TinySoundFont."""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import tinysoundfont
from numpy.typing import NDArray

from iass.foundation.errors import UserError
from iass.synthesis.drums import PAN_OF_KEY
from iass.synthesis.midi import BEND_UNIT, Part, bend_to_wheel
from iass.synthesis.vocabulary import RATE_HZ, Bend, Note

SOUND_FONT = ("pretty_midi", "TimGM6mb.sf2")  # the package that ships it, and its name there
PERCUSSION_BANK = 128
PAN_CONTROLLER, CENTRE = 10, 64
BYTES_PER_FRAME = 8  # two float32 samples
CHANNELS_OF_PAN = {pan: i for i, pan in enumerate(sorted({CENTRE, *PAN_OF_KEY.values()}))}

END, BEND, START = 0, 1, 2  # the order of events at one sample
Event = tuple[int, int, Note | Bend]  # sample, order, what ends, bends or starts


def render_part(part: Part, samples: int) -> NDArray[np.float32]:
    """Play a part on a fresh synthesiser; returns (channels, samples) at 44.1 kHz, unscaled: two
    channels of drums, one of everything else, which the sound font has in mono.

    Every event takes effect at its own sample. Raises `UserError` without the sound font.
    """
    synth = _open_synth(part)
    buffer = np.zeros((samples, 2), np.float32)
    view = buffer.data.cast("B")
    now = 0
    for sample, order, what in _list_events(part):
        until = min(sample, samples)
        _generate(synth, view, now, until)
        _act(synth, part, order, what)
        now = until
    _generate(synth, view, now, samples)
    return np.ascontiguousarray(buffer.T[: 2 if part.is_drums else 1])


@cache
def read_sound_font() -> bytes:
    """Return the sound font; raises `UserError` where the package that ships it is missing."""
    package, name = SOUND_FONT
    spec = find_spec(package)
    folders = list(spec.submodule_search_locations or []) if spec else []
    path = next((Path(f) / name for f in folders if (Path(f) / name).is_file()), None)
    if path is None:
        raise UserError(f"The sound font {name} is missing: install the package {package}.")
    return path.read_bytes()


def _open_synth(part: Part) -> tinysoundfont.Synth:
    synth = tinysoundfont.Synth(samplerate=RATE_HZ)
    font = synth.sfload(read_sound_font())
    for pan, channel in CHANNELS_OF_PAN.items():
        bank = PERCUSSION_BANK if part.is_drums else 0
        synth.program_select(channel, font, bank, part.patch.program, part.is_drums)
        synth.control_change(channel, PAN_CONTROLLER, pan)
        synth.set_tuning(channel, part.patch.tuning)
    return synth


def _list_events(part: Part) -> list[Event]:
    """Return what happens, in order: at one sample, ends come before bends and starts."""
    ends = [(round(n.end_s * RATE_HZ), END, n) for n in part.notes]
    bends = [(round(b.time_s * RATE_HZ), BEND, b) for b in part.bends]
    starts = [(round(n.start_s * RATE_HZ), START, n) for n in part.notes]
    return sorted([*ends, *bends, *starts], key=lambda event: event[:2])


def _act(synth: tinysoundfont.Synth, part: Part, order: int, what: Note | Bend) -> None:
    if isinstance(what, Bend):
        synth.pitchbend(CHANNELS_OF_PAN[CENTRE], bend_to_wheel(what) + BEND_UNIT)
        return
    channel = CHANNELS_OF_PAN[PAN_OF_KEY.get(what.pitch, CENTRE) if part.is_drums else CENTRE]
    if order == END:
        synth.noteoff(channel, what.pitch)
    else:
        synth.noteon(channel, what.pitch, what.velocity)


def _generate(synth: tinysoundfont.Synth, view: memoryview, start: int, end: int) -> None:
    if end > start:
        synth.generate(end - start, view[start * BYTES_PER_FRAME : end * BYTES_PER_FRAME])
