"""A tiny prepared data set of sines and noise, for tests of every step."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from iass.foundation.audio import write_wav
from iass.foundation.card import Split, TrackFiles
from iass.preparation.activity import write_labels
from iass.preparation.describe import describe_tracks
from iass.preparation.manifest import Manifest, write_manifest
from iass.preparation.tools import PreparationTools

RATE_HZ = 44100
TARGETS = {"bass": ("bass",), "drums": ("drums",), "other": ("piano", "ensemble")}
STEMS = ("bass", "drums", "ensemble", "piano")


@dataclass(frozen=True)
class Band:
    """Where a prepared set lies."""

    folder: Path
    tracks: Mapping[str, Split] = field(default_factory=dict)

    @property
    def manifest(self) -> Path:
        return self.folder / "results" / "manifest.json"

    @property
    def labels(self) -> Path:
        return self.folder / "results" / "labels.parquet"


def play_stem(stem: str, seed: int, samples: int) -> NDArray[np.int16]:
    """Return (2, samples): a tone per pitched stem, decaying noise for drums."""
    generator = np.random.default_rng([seed, STEMS.index(stem)])
    time_s = np.arange(samples) / RATE_HZ
    pitches = {"bass": 80.0, "piano": 440.0, "ensemble": 900.0}
    if stem == "drums":
        sound = generator.standard_normal((2, samples)) * np.exp(-10 * (time_s % 0.5))
    else:
        phase = generator.uniform(0, 2 * np.pi, (2, 1))
        sound = np.sin(2 * np.pi * pitches[stem] * time_s + phase)
    return np.asarray(np.clip(sound * 3000, -32000, 32000), np.int16)


def write_band(
    folder: Path, tracks: Mapping[str, Split], seconds: float = 2.0, silent: tuple[str, ...] = ()
) -> Band:
    """Write and prepare one track per entry; the stems in `silent` are zero in every track."""
    band = Band(folder, tracks)
    files = [
        _write_track(folder, name, split, seed, round(seconds * RATE_HZ), silent)
        for seed, (name, split) in enumerate(tracks.items())
    ]
    empty = Manifest(
        dataset="band",
        protocol="per_target",
        targets={target: list(stems) for target, stems in TARGETS.items()},
        mixture_rule="sum",
        tracks=[],
    )
    described, labels = describe_tracks(
        empty, files, band.manifest, PreparationTools(folder / "data", 1)
    )
    write_labels(band.labels, labels)
    write_manifest(band.manifest, described)
    return band


def _write_track(
    folder: Path, name: str, split: Split, seed: int, samples: int, silent: tuple[str, ...]
) -> TrackFiles:
    stems = {stem: folder / "audio" / name / f"{stem}.wav" for stem in STEMS}
    for stem, path in stems.items():
        audio = play_stem(stem, seed, samples)
        write_wav(path, audio * np.int16(stem not in silent), RATE_HZ)
    return TrackFiles(id=name, title=name, artist="band", split=split, stems=stems)
