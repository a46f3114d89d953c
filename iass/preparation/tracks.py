"""Reading a track of a manifest: its mixture and the references of its targets.

The one place that knows the mixture rule and how stems sum to targets.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from iass.foundation.audio import (
    CHANNEL_COUNT,
    AudioStream,
    Channels,
    FloatArray,
    Signal,
    mix_channels,
    stream_audio,
)
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file
from iass.preparation.manifest import Manifest, Stem, Track, resolve_path


def read_mixture(path: Path, track: Track, channels: Channels) -> FloatArray:
    """Return the mixture (channels, samples): the set's own file, or the sum of all stems.

    `path` is the manifest's. UserError if a file has changed its rate or length since prepare.
    """
    with open_mixture(path, track, channels) as signal:
        return signal.read(0, signal.samples)


def read_reference(
    path: Path, manifest: Manifest, track: Track, target: str, channels: Channels
) -> FloatArray:
    """Return the reference (channels, samples) of a target: the sum of its stems in the track."""
    with open_reference(path, manifest, track, target, channels) as signal:
        return signal.read(0, signal.samples)


@contextmanager
def open_mixture(path: Path, track: Track, channels: Channels) -> Iterator[Signal]:
    """Open what `read_mixture` returns, to read parts of it."""
    stems = [track.mixture] if track.mixture else list(track.stems.values())
    with _open_sum(path, track, stems, channels) as signal:
        yield signal


@contextmanager
def open_reference(
    path: Path, manifest: Manifest, track: Track, target: str, channels: Channels
) -> Iterator[Signal]:
    """Open what `read_reference` returns, to read parts of it."""
    stems = [track.stems[stem] for stem in manifest.targets[target] if stem in track.stems]
    with _open_sum(path, track, stems, channels) as signal:
        yield signal


@contextmanager
def _open_sum(
    path: Path, track: Track, stems: Sequence[Stem], channels: Channels
) -> Iterator[Signal]:
    widest = max((stem.channels for stem in stems), default=2)
    with ExitStack() as stack:
        streams = [stack.enter_context(_open_stem(path, stem)) for stem in stems]

        def read(start: int, stop: int) -> FloatArray:
            total = np.zeros((widest, stop - start), np.float32)
            for stream in streams:  # never two in memory
                total += stream.read(start, stop)
            return mix_channels(total, channels)

        yield Signal(track.rate_hz, CHANNEL_COUNT[channels], track.samples, read)


@contextmanager
def _open_stem(path: Path, stem: Stem) -> Iterator[AudioStream]:
    file = resolve_path(stem.path, path)
    with stream_audio(file) as stream:
        found = stream.info
        if (found.rate_hz, found.channels, found.samples) != (
            stem.rate_hz,
            stem.channels,
            stem.samples,
        ):
            raise UserError(
                f"{file} has {found.channels} x {found.samples} samples at {found.rate_hz} Hz, but "
                f"{path} says {stem.channels} x {stem.samples} at {stem.rate_hz} Hz; delete the "
                "latter and run again."
            )
        if hash_file(file) != stem.sha256:
            raise UserError(
                f"{file} is not the file that {path} describes; delete the latter and run again."
            )
        yield stream
