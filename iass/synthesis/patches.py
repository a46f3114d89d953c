"""The instruments: General MIDI programs (0 = acoustic grand), what is played on them, and which
of them are kept for the test songs.
"""

from dataclasses import dataclass

from iass.synthesis import drums, parts, vocals
from iass.synthesis.parts import Manner


@dataclass(frozen=True)
class Patch:
    """One instrument of a stem.

    `drive` is the gain into a saturating amplifier (0 = none), `tilt_db` lifts (or lowers) the
    treble, `tuning` tightens drum heads by semitones, `manners` are the ways in which
    it may be played.
    """

    stem: str
    name: str
    program: int
    manners: tuple[Manner, ...]
    drive: float = 0.0
    tilt_db: float = 0.0
    tuning: float = 0.0


_SOLO = (vocals.sing_line,)
_CHOIR = (vocals.sing_line, vocals.sing_thirds)
_KIT = (drums.play_drums,)
_BASS = (parts.play_bass_roots, parts.play_bass_roots, parts.play_bass_walk)
_CLEAN = (parts.play_chops, parts.play_picking, parts.play_riff)
_CRUNCH = (parts.play_power_chords, parts.play_power_chords, parts.play_riff)
_ACOUSTIC = (parts.play_strums, parts.play_strums, parts.play_picking)
_PIANO = (parts.play_comping, parts.play_comping, parts.play_arpeggio)
_PADS = (parts.play_pad, parts.play_counter_line)
_BRASS = (parts.play_stabs, parts.play_counter_line)

TRAINING_PATCHES: tuple[Patch, ...] = (
    Patch("vocals", "choir", 52, _CHOIR),
    Patch("vocals", "oohs", 53, _CHOIR),
    Patch("vocals", "synth vox", 54, _CHOIR),
    Patch("vocals", "reed voice", 81, _SOLO, tilt_db=-6.0),
    Patch("vocals", "hollow voice", 80, _SOLO, tilt_db=-6.0),
    Patch("drums", "standard kit", 0, _KIT),
    Patch("drums", "room kit", 8, _KIT),
    Patch("drums", "power kit", 16, _KIT),
    Patch("drums", "808 kit", 25, _KIT),
    Patch("drums", "deep jazz kit", 32, _KIT, tilt_db=-4.0, tuning=-4.0),
    Patch("drums", "tight kit", 0, _KIT, tilt_db=3.0, tuning=3.0),
    Patch("bass", "fingered bass", 33, _BASS),
    Patch("bass", "picked bass", 34, _BASS),
    Patch("bass", "acoustic bass", 32, _BASS),
    Patch("bass", "synth bass", 38, _BASS),
    Patch("bass", "slap bass", 36, _BASS),
    Patch("electric_guitar", "clean guitar", 27, _CLEAN),
    Patch("electric_guitar", "overdriven guitar", 29, _CRUNCH),
    Patch("electric_guitar", "distorted guitar", 30, _CRUNCH),
    Patch("electric_guitar", "crunch guitar", 27, _CRUNCH, drive=12.0),
    Patch("acoustic_guitar", "nylon guitar", 24, _ACOUSTIC),
    Patch("acoustic_guitar", "steel guitar", 25, _ACOUSTIC),
    Patch("acoustic_guitar", "bright steel guitar", 25, _ACOUSTIC, tilt_db=8.0),
    Patch("piano", "grand piano", 0, _PIANO),
    Patch("piano", "bright piano", 1, _PIANO),
    Patch("piano", "honky-tonk piano", 3, _PIANO),
    Patch("ensemble", "strings", 48, _PADS),
    Patch("ensemble", "synth strings", 50, _PADS),
    Patch("ensemble", "drawbar organ", 16, _PADS),
    Patch("ensemble", "percussive organ", 17, _PADS),
    Patch("ensemble", "brass section", 61, _BRASS),
    Patch("ensemble", "synth brass", 62, _BRASS),
)
TEST_ONLY_PATCHES: tuple[Patch, ...] = (
    Patch("vocals", "solo vox", 85, _SOLO),
    Patch("vocals", "chiff voice", 83, _SOLO, tilt_db=-6.0),
    Patch("drums", "electronic kit", 24, _KIT),
    Patch("drums", "deep brush kit", 40, _KIT, tilt_db=4.0, tuning=-3.0),
    Patch("bass", "fretless bass", 35, _BASS),
    Patch("bass", "second synth bass", 39, _BASS),
    Patch("electric_guitar", "jazz guitar", 26, _CLEAN),
    Patch("electric_guitar", "driven jazz guitar", 26, _CRUNCH, drive=12.0),
    Patch("acoustic_guitar", "bright nylon guitar", 24, _ACOUSTIC, tilt_db=8.0),
    Patch("acoustic_guitar", "dark steel guitar", 25, _ACOUSTIC, tilt_db=-8.0),
    Patch("piano", "electric grand", 2, _PIANO),
    Patch("piano", "electric piano", 4, _PIANO),
    Patch("ensemble", "tremolo strings", 44, _PADS),
    Patch("ensemble", "church organ", 19, _PADS),
    Patch("ensemble", "second synth brass", 63, _BRASS),
)
