"""Reading a track of a manifest: its mixture and the references of its targets.

The one place that knows the mixture rule and how stems sum to targets.
"""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from iass.foundation.audio import Channels, FloatArray, mix_channels, read_audio
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file
from iass.preparation.manifest import Manifest, Stem, Track, resolve_path


def read_mixture(path: Path, track: Track, channels: Channels) -> FloatArray:
    """Return the mixture (channels, samples): the set's own file, or the sum of all stems.

    `path` is the manifest's. UserError if a file has changed its rate or length since prepare.
    """
    if track.mixture is not None:
        return mix_channels(_read_stem(path, track.mixture), channels)
    return mix_channels(_sum_stems(path, track, track.stems), channels)


def read_reference(
    path: Path, manifest: Manifest, track: Track, target: str, channels: Channels
) -> FloatArray:
    """Return the reference (channels, samples) of a target: the sum of its stems in the track."""
    stems = [stem for stem in manifest.targets[target] if stem in track.stems]
    return mix_channels(_sum_stems(path, track, stems), channels)


def _sum_stems(path: Path, track: Track, stems: Iterable[str]) -> FloatArray:
    audio = [_read_stem(path, track.stems[stem]) for stem in stems]
    widest = max((len(item) for item in audio), default=2)
    total = np.zeros((widest, track.samples), np.float32)
    for item in audio:
        total += item
    return total


def _read_stem(path: Path, stem: Stem) -> FloatArray:
    file = resolve_path(stem.path, path)
    audio, rate_hz = read_audio(file)
    if rate_hz != stem.rate_hz or audio.shape != (stem.channels, stem.samples):
        raise UserError(
            f"{file} has {audio.shape[0]} x {audio.shape[1]} samples at {rate_hz} Hz, but {path} "
            f"says {stem.channels} x {stem.samples} at {stem.rate_hz} Hz; delete the latter and "
            "run again."
        )
    if hash_file(file) != stem.sha256:
        raise UserError(
            f"{file} is not the file that {path} describes; delete the latter and run again."
        )
    return audio
