"""The only reader, writer, resampler and channel mixer of audio in the project.

Audio is an array (channels, samples); float audio has full scale at +-1.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import DTypeLike, NDArray

from iass.foundation.errors import UserError
from iass.foundation.files import replace_file

FloatArray = NDArray[np.float32]
Append = Callable[[NDArray[Any]], None]
Channels = Literal["mono", "stereo"]
CHANNEL_COUNT: dict[Channels, int] = {"mono": 1, "stereo": 2}

_HEADER = 96  # bytes in which the chunk PEAK begins, if there is one
_PEAK_DATE = 12  # bytes into it: name, size and version come before
_WAV_LIMIT = 2**32 - 2**12  # bytes of samples; the header takes some of the 4 GiB
_QUALITY = "HQ"  # soxr's name of its high quality
_WAV_SUBTYPE = {np.dtype(np.int16): "PCM_16", np.dtype(np.float32): "FLOAT"}


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says: rate in Hz, channels, length in samples, soundfile's subtype."""

    rate_hz: int
    channels: int
    samples: int
    subtype: str


@dataclass(frozen=True)
class Signal:
    """Audio of which any part can be read, wherever it lies.

    `read(start, stop)` returns samples start..stop-1 as float32 (channels, samples).
    """

    rate_hz: int
    channels: int
    samples: int
    read: Callable[[int, int], FloatArray]


def probe_audio(path: Path) -> AudioInfo:
    """Read a header. UserError if the file is missing, unreadable or holds no sample."""
    try:
        info = soundfile.info(str(path))
    except (soundfile.LibsndfileError, OSError) as error:
        raise UserError(_unreadable(path, error)) from None
    if info.frames == 0:
        raise UserError(f"{path} holds no samples; replace it by the complete file.")
    return AudioInfo(info.samplerate, info.channels, info.frames, info.subtype)


def read_audio(path: Path) -> tuple[FloatArray, int]:
    """Return (float32 (channels, samples), rate in Hz) of a whole file.

    UserError if it is missing, unreadable, empty, or holds NaN or infinite samples.
    """
    probe_audio(path)
    try:
        samples, rate_hz = soundfile.read(str(path), dtype="float32", always_2d=True)
    except (soundfile.LibsndfileError, OSError) as error:
        raise UserError(_unreadable(path, error)) from None
    audio = np.ascontiguousarray(samples.T)
    check_finite(audio, str(path))
    return audio, int(rate_hz)


@dataclass(frozen=True)
class AudioStream:
    """An open file of which any part can be read, by one thread at a time."""

    path: Path
    info: AudioInfo
    file: soundfile.SoundFile

    def read(self, start: int, stop: int) -> FloatArray:
        """Return samples start..stop-1 as float32 (channels, samples).

        UserError if they are not there, unreadable, or hold NaN or infinite samples.
        """
        try:
            self.file.seek(start)
            samples = self.file.read(stop - start, dtype="float32", always_2d=True)
        except (soundfile.LibsndfileError, OSError) as error:
            raise UserError(_unreadable(self.path, error)) from None
        if len(samples) < stop - start:
            end = f"it ends at sample {start + len(samples)} of {self.info.samples}"
            raise UserError(_unreadable(self.path, end))
        check_finite(samples.T, str(self.path), start)
        return np.asarray(samples.T)


@contextmanager
def stream_audio(path: Path) -> Iterator[AudioStream]:
    """Open a file to read parts of it; memory does not depend on its length.

    UserError if it is missing, unreadable or holds no sample.
    """
    info = probe_audio(path)
    try:
        file = soundfile.SoundFile(str(path))
    except (soundfile.LibsndfileError, OSError) as error:
        raise UserError(_unreadable(path, error)) from None
    with file:
        yield AudioStream(path, info, file)


def read_pcm16(path: Path) -> NDArray[np.int16]:
    """Return the exact integers (channels, samples) of a 16-bit file (PCM_16)."""
    probe_audio(path)
    samples, _ = soundfile.read(str(path), dtype="int16", always_2d=True)
    return np.ascontiguousarray(samples.T)


def to_pcm16(audio: FloatArray) -> NDArray[np.int16]:
    """Return float audio as 16-bit integers, rounded to even and clipped at full scale."""
    return np.asarray(np.clip(np.rint(audio * 2.0**15), -(2**15), 2**15 - 1), dtype=np.int16)


def check_finite(
    audio: NDArray[Any], where: str, start: int = 0, remedy: str = "replace that file"
) -> None:
    """UserError naming `where` and the first bad sample if `audio` holds NaN or infinities.

    `start` is the number of the first sample in `audio`; `remedy` says what to do.
    """
    if not np.isfinite(audio).all():
        first = start + int(np.argmin(np.isfinite(audio).all(axis=0)))
        raise UserError(f"{where} has a NaN or infinite value at sample {first}; {remedy}.")


def write_wav(path: Path, audio: NDArray[Any], rate_hz: int) -> None:
    """Write (channels, samples) atomically: int16 as 16-bit PCM, float32 as float WAV.

    Equal audio gives equal bytes. UserError if the disk is full.
    """
    with open_wav(path, audio.shape, rate_hz, audio.dtype) as append:
        append(audio)


@contextmanager
def open_wav(
    path: Path, shape: tuple[int, ...], rate_hz: int, dtype: DTypeLike = np.float32
) -> Iterator[Append]:
    """Give a function that appends (channels, samples) to a WAV, int16 or float32.

    `shape` (channels, samples) is of all that will come: beyond 4 GiB the file is RF64, as WAV ends
    there. It takes its place when the block ends well, with the bytes that `write_wav` gives.
    """
    kind = np.dtype(dtype)
    large = np.prod(shape, dtype=np.int64) * kind.itemsize > _WAV_LIMIT
    with replace_file(path) as temporary:
        with _explain_failure(path):
            file = soundfile.SoundFile(
                str(temporary),
                mode="w",
                samplerate=rate_hz,
                channels=shape[0],
                subtype=_WAV_SUBTYPE[kind],
                format="RF64" if large else "WAV",
            )
        with file:
            yield lambda audio: _append(file, audio, path)
        if kind.kind == "f":
            _clear_date(temporary)


def _append(file: soundfile.SoundFile, audio: NDArray[Any], path: Path) -> None:
    with _explain_failure(path):
        file.write(audio.T)


@contextmanager
def _explain_failure(path: Path) -> Iterator[None]:
    try:
        yield
    except (soundfile.LibsndfileError, AssertionError) as error:  # what a full disk becomes
        raise UserError(f"{path} cannot be written ({error}); is the disk full?") from None


def _clear_date(path: Path) -> None:
    """Zero the date that libsndfile writes into the chunk PEAK of a float WAV."""
    with path.open("rb+") as stream:
        start = stream.read(_HEADER).find(b"PEAK")
        if start >= 0:
            stream.seek(start + _PEAK_DATE)
            stream.write(bytes(4))


def resample(audio: FloatArray, from_hz: int, to_hz: int) -> FloatArray:
    """Resample (channels, samples) with soxr at its high quality; the same rate is a no-op."""
    if from_hz == to_hz:
        return audio
    resampled = soxr.resample(audio.T, from_hz, to_hz, quality=_QUALITY)
    return np.ascontiguousarray(resampled.T, dtype=np.float32)


class Resampler:
    """Resamples piece by piece: the pieces of `push` and `flush` join to what `resample` gives."""

    def __init__(self, from_hz: int, to_hz: int, channels: int) -> None:
        self._empty = np.zeros((channels, 0), np.float32)
        self._stream = (
            None
            if from_hz == to_hz
            else soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32", quality=_QUALITY)
        )

    def push(self, audio: FloatArray) -> FloatArray:
        """Take (channels, samples) and return what is ready, which may be nothing."""
        return audio if self._stream is None else self._process(audio)

    def flush(self) -> FloatArray:
        """Return the rest, once, at the end."""
        return self._empty if self._stream is None else self._process(self._empty, last=True)

    def _process(self, audio: FloatArray, *, last: bool = False) -> FloatArray:
        assert self._stream is not None
        samples = np.ascontiguousarray(audio.T, dtype=np.float32)
        return np.ascontiguousarray(self._stream.resample_chunk(samples, last=last).T)


def mix_channels(audio: FloatArray, channels: Channels) -> FloatArray:
    """Return `audio` as mono, the mean (L+R)/2, or as stereo, a mono signal on both channels."""
    wanted = CHANNEL_COUNT[channels]
    if audio.shape[0] == wanted:
        return audio
    mono = audio.sum(axis=0, keepdims=True) * np.float32(1 / len(audio))
    return np.repeat(mono, wanted, axis=0)


def _unreadable(path: Path, error: Exception | str) -> str:
    if not path.exists():
        return f"{path} does not exist; run the step that makes it, or correct the path."
    return f"{path} cannot be read as audio ({error}); replace it by a complete file."
