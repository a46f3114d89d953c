"""One song of a person, any file at any rate, to one WAV per target."""

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np

from iass.foundation.audio import (
    Append,
    FloatArray,
    Resampler,
    Signal,
    mix_channels,
    open_wav,
)
from iass.foundation.decode import Decoder, open_song
from iass.foundation.errors import UserError
from iass.foundation.files import is_full
from iass.foundation.method import Activity
from iass.foundation.progress import show_progress
from iass.separation.blocks import plan_song, separate_blocks, write_estimates
from iass.separation.chosen import Chosen
from iass.separation.kinds import Song

_MOST_CHANNELS = 2
_BYTES = 4  # of a sample


@dataclass(frozen=True)
class HeldSong:
    """A song as a method wants it, and its own rate in Hz, channels and length in samples."""

    signal: Signal
    rate_hz: int
    channels: int
    samples: int


@dataclass(frozen=True)
class Separated:
    """What became of a song: a file per target, and the activity of those that have one."""

    song: HeldSong
    files: Mapping[str, Path]
    activities: Mapping[str, Activity]


def separate_file(path: Path, output: Path, chosen: Chosen) -> Separated:
    """Write <output>/<target>.wav with the rate and the length of the song, in flat memory.

    Of more than two channels the mean is separated. UserError if the song cannot be read, or would
    be overwritten.
    """
    files = {target: output / f"{target}.wav" for target in chosen.targets}
    for file in files.values():
        if file.resolve() == path.resolve():
            raise UserError(f"{path} would be overwritten; choose another folder with -o.")
    with hold_song(path, chosen.rate_hz, output) as held, ExitStack() as stack:
        song = Song(held.signal, dict, chosen.targets, chosen.models)
        stems = {t: stack.enter_context(_open_stem(file, held)) for t, file in files.items()}
        blocks = plan_song(chosen.method, song)
        bar = show_progress(blocks, path.name, len(blocks))
        activities = write_estimates(separate_blocks(chosen.method, song, bar, str(path)), stems)
    return Separated(held, files, activities)


@contextmanager
def hold_song(path: Path, rate_hz: int, folder: Path) -> Iterator[HeldSong]:
    """Decode a song, at `rate_hz` and as mono or stereo, into a file without a name in `folder`.

    That is gone however the process ends. UserError as from `open_song`, or if the song holds no
    sample or does not fit on the disk.
    """
    with open_song(path) as decoder:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            width = min(decoder.channels, _MOST_CHANNELS)
            decoded = _spool(decoder, Resampler(decoder.rate_hz, rate_hz, width), width, file, path)
            held = os.fstat(file.fileno()).st_size // (_BYTES * width)
            signal = Signal(rate_hz, width, held, partial(_read, file, width))
            yield HeldSong(signal, decoder.rate_hz, decoder.channels, decoded)


def _spool(decoder: Decoder, resampler: Resampler, width: int, file: IO[bytes], path: Path) -> int:
    """Fill `file` with the song and return the number of samples before they were resampled."""
    decoded = 0
    try:
        for block in decoder.blocks:
            decoded += block.shape[1]
            _write(file, resampler.push(_fold(block, width)))
        _write(file, resampler.flush())
        if decoded and not file.tell():  # a sample or two, at a rate far above the method's
            _write(file, np.zeros((width, 1), np.float32))
        file.flush()
    except OSError as error:
        if not is_full(error):
            raise
        raise UserError(
            f"{path} takes {_BYTES} bytes per sample beside its estimates, for which the disk has "
            "no room; make room, or choose another folder with -o."
        ) from None
    if not decoded:
        raise UserError(f"{path} holds no samples; give a complete file.")
    return decoded


def _fold(block: FloatArray, width: int) -> FloatArray:
    return mix_channels(block, "stereo") if len(block) > width else block


def _write(file: IO[bytes], audio: FloatArray) -> None:
    file.write(np.ascontiguousarray(audio.T, np.float32).data)


def _read(file: IO[bytes], width: int, start: int, stop: int) -> FloatArray:
    file.seek(start * width * _BYTES)
    samples = np.fromfile(file, np.float32, (stop - start) * width)
    return np.ascontiguousarray(samples.reshape(-1, width).T)


@contextmanager
def _open_stem(path: Path, song: HeldSong) -> Iterator[Append]:
    """Give a function that appends an estimate to a file with the rate and length of the song."""
    shape = (song.signal.channels, song.samples)
    with open_wav(path, shape, song.rate_hz) as append:
        resampler = Resampler(song.signal.rate_hz, song.rate_hz, song.signal.channels)
        fitting = _Fitting(append, shape)
        yield lambda audio: fitting.append(resampler.push(audio))
        fitting.append(resampler.flush())
        fitting.fill()


class _Fitting:
    """Appends to a file until it is full: there and back, resampling may gain or lose a sample."""

    def __init__(self, append: Append, shape: tuple[int, int]) -> None:
        self._append = append
        self._channels, self._left = shape

    def append(self, audio: FloatArray) -> None:
        """Append what there is room for."""
        fitting = audio[:, : self._left]
        self._append(fitting)
        self._left -= fitting.shape[1]

    def fill(self) -> None:
        """Append silence to what is missing."""
        self.append(np.zeros((self._channels, self._left), np.float32))
