"""The songs in the replicas of MedleyDB and Mixing Secrets: real names, invented tones."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from iass.datasets.facts import read_facts
from iass.datasets.splits import read_split

RATE_HZ = 44100
SAMPLES = 2 * RATE_HZ
SAMPLE = ("LizNelson_Rainfall", "Phoenix_ScotchMorris")

_SCALES = {"PCM_16": 2**15, "PCM_24": 2**23}
_CAESURA = 3000  # samples of silence in the middle, so that activity is not constant


@dataclass(frozen=True)
class Sound:
    """A tone as one file holds it."""

    hz: float
    samples: int = SAMPLES
    channels: int = 1
    rate_hz: int = RATE_HZ
    subtype: str = "PCM_16"
    level: float = 0.05

    def play(self) -> NDArray[np.int64]:
        """Return (channels, samples) as integers of the file's depth."""
        time_s = np.arange(self.samples) / self.rate_hz
        phases = np.arange(self.channels)[:, None]  # left and right differ
        tone = np.sin(2 * np.pi * self.hz * time_s + phases)
        middle = self.samples // 2
        tone[:, middle : middle + _CAESURA] = 0.0
        return np.rint(tone * self.level * _SCALES[self.subtype]).astype(np.int64)

    def play_float(self) -> NDArray[np.float64]:
        """Return (channels, samples) at full scale +-1."""
        return self.play() / _SCALES[self.subtype]

    def encode(self) -> bytes:
        """Return the WAV file."""
        stream = io.BytesIO()
        shift = 16 if self.subtype == "PCM_16" else 8  # libsndfile takes the upper bits
        audio = (self.play() << shift).astype(np.int32).T
        soundfile.write(stream, audio, self.rate_hz, subtype=self.subtype, format="WAV")
        return stream.getvalue()


@dataclass(frozen=True)
class Part:
    """A stem: its label, or labels, and its files by name."""

    label: str | list[str]
    files: dict[str, Sound]


@dataclass(frozen=True)
class Song:
    """A song of either multitrack set."""

    track: str
    parts: tuple[Part, ...]
    bleed: bool = False
    artist: str = ""
    title: str = ""
    folder: str = ""
    """Within the zip of Mixing Secrets."""

    def find(self, label: str) -> Part:
        """Return the first stem with a label."""
        return next(part for part in self.parts if label in (part.label, *part.label))


def mix(song: Song) -> NDArray[np.int64]:
    """Return the mixture (2, samples) that MedleyDB publishes: not the plain sum of the stems."""
    total = np.zeros((2, SAMPLES))
    for part in song.parts:
        (sound,) = part.files.values()
        if sound.rate_hz == RATE_HZ:
            total[:, : sound.samples] += 0.5 * sound.play_float() * 2**15
    return np.rint(total).astype(np.int64)


@cache
def read_versions() -> dict[str, str]:
    """Return V1 or V2 by MedleyDB's track id."""
    return {row["track"]: row["version"] for row in read_facts("medleydb_versions")}


def _pick(dataset: str, version: str | None, count: int) -> list[str]:
    """Return the first songs of each split of mm, in turn: train, valid, test, train, ..."""
    rows = [row for row in read_split("mm") if row.dataset == dataset]
    rows = [row for row in rows if version in (None, read_versions().get(row.track))]
    by_split = {
        s: [row.track for row in rows if row.split == s] for s in ("train", "valid", "test")
    }
    return [by_split[split][turn] for turn in range(count) for split in by_split]


def list_medleydb() -> dict[str, Song]:
    """Songs with every target, each with an oddity of its own."""
    tracks = [*_pick("medleydb", "V1", 1), *_pick("medleydb", "V2", 1)]
    odd: list[dict[str, Any]] = [
        {"drums": {"channels": 1}},
        {"bass": {"subtype": "PCM_24"}},
        {"piano": {"rate_hz": 48000, "samples": 2 * 48000}},
        {"vocals": {"samples": SAMPLES - 1000}},
        {"bleed": True},
        {"piano": {"level": 0.0}},  # silent
    ]
    songs = [_make_medleydb(t, n, **odd[n % len(odd)]) for n, t in enumerate(tracks)]
    return {song.track: song for song in [*songs, *list_sample()]}


def list_sample() -> list[Song]:
    """The two open songs: the first has three targets of six, the second two voices on a stem."""
    wanted = ("vocals", "acoustic_guitar", "electric_guitar")
    return [
        _make_medleydb(SAMPLE[0], 7, only=wanted),
        _make_medleydb(SAMPLE[1], 8, labels={"piano": ["piano", "female singer"]}),
    ]


_LABELS = {
    "vocals": "female singer",
    "vocals_too": "male singer",
    "drums": "drum set",
    "bass": "electric bass",
    "electric_guitar": "clean electric guitar",
    "acoustic_guitar": "acoustic guitar",
    "piano": "piano",
    "rest": "violin",
}
_PITCHES = dict(
    zip(_LABELS, (440.0, 550.0, 2000.0, 80.0, 330.0, 700.0, 262.0, 1000.0), strict=True)
)


def _make_medleydb(
    track: str,
    number: int,
    *,
    only: Sequence[str] = tuple(_LABELS),
    labels: dict[str, list[str]] | None = None,
    bleed: bool = False,
    **odd: dict[str, Any],
) -> Song:
    parts = []
    for place, stem in enumerate(only, 1):
        hz = _PITCHES[stem] * (1 + number / 50)
        sound = Sound(**({"hz": hz, "channels": 2} | odd.get(stem, {})))
        label = (labels or {}).get(stem, _LABELS[stem])
        parts.append(Part(label, {f"{track}_STEM_{place:02d}.wav": sound}))
    return Song(track, tuple(parts), bleed)


def list_mixing_secrets() -> dict[str, Song]:
    odd = {
        "MERCMusic_Knockout": ("M.E.R.C. Music", "Knockout"),
        "MR1204_JokersJacksKings": ("MR1204", "JokersJacksKings"),
        "Ojebokoren_ThatsEntertainment": ("Öjebokören", "That's Entertainment"),
        "PerpetualEscape_IntoMyDreams": ("PerpetualEscape", "IntoMyDreams"),
        "KCUBaroque_TelemannLaLyra": ("KCUBaroque", "TelemannLaLyra"),
    }
    folders = {
        "MERCMusic_Knockout": "M.E.R.C. Music - Knockout",
        "MR1204_JokersJacksKings": "Jokers, Jacks & Kings - Sea Of Leaves/Audio Files",
        "Ojebokoren_ThatsEntertainment": "Öjebokören - That's Entertainment",
    }
    tracks = dict.fromkeys([*_pick("mixing_secrets", None, 1), *odd])
    songs = [
        _make_mixing_secrets(
            track, number, *odd.get(track, track.split("_", 1)), folder=folders.get(track, track)
        )
        for number, track in enumerate(tracks)
    ]
    return {song.track: song for song in songs}


def _make_mixing_secrets(track: str, number: int, artist: str, title: str, folder: str) -> Song:
    """Raw files as the real zips hold them: mono and stereo, 24 bits, unequal lengths."""
    factor = 1 + number / 50
    parts = (
        Part(
            "drum set",
            {
                "01_Kick.wav": Sound(60 * factor, samples=SAMPLES - 500),
                "02_Snare.wav": Sound(1800 * factor),
                "03_Overheads.wav": Sound(4000 * factor, channels=2),
            },
        ),
        Part("electric bass", {"04_Bass.wav": Sound(90 * factor, subtype="PCM_24")}),
        Part("distorted electric guitar", {"05_ElecGtr1.wav": Sound(330 * factor)}),
        Part(
            "clean electric guitar", {"06_ElecGtr2.wav": Sound(340 * factor, samples=SAMPLES // 2)}
        ),
        Part("acoustic guitar", {"07_AcousticGtr.wav": Sound(700 * factor, channels=2)}),
        Part("piano", {"08_Piano, left & right.wav": Sound(262 * factor, channels=2)}),
        Part("female singer", {"09_LeadVox.wav": Sound(440 * factor)}),
        Part("leadvox", {"10_LeadVoxDT.wav": Sound(442 * factor, samples=SAMPLES - 7)}),
        Part("synthesizer", {"11_Synth_Stråk.wav": Sound(1200 * factor, channels=2)}),
    )
    return Song(track, parts, number == 1, artist, title, folder)
