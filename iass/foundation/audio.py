"""The only reader, writer, resampler and channel mixer of audio in the project.

Audio is an array (channels, samples); float audio has full scale at +-1.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from iass.foundation.errors import UserError
from iass.foundation.files import replace_file

FloatArray = NDArray[np.float32]
Channels = Literal["mono", "stereo"]
CHANNEL_COUNT: dict[Channels, int] = {"mono": 1, "stereo": 2}

_WAV_SUBTYPE = {np.dtype(np.int16): "PCM_16", np.dtype(np.float32): "FLOAT"}


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says: rate in Hz, channels, length in samples, soundfile's subtype."""

    rate_hz: int
    channels: int
    samples: int
    subtype: str


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


def check_finite(audio: NDArray[Any], where: str, start: int = 0) -> None:
    """UserError naming `where` and the first bad sample if `audio` holds NaN or infinities.

    `start` is the number of the first sample in `audio`.
    """
    if not np.isfinite(audio).all():
        first = start + int(np.argmin(np.isfinite(audio).all(axis=0)))
        raise UserError(
            f"{where} has a NaN or infinite value at sample {first}; replace that file."
        )


def write_wav(path: Path, audio: NDArray[Any], rate_hz: int) -> None:
    """Write (channels, samples) atomically: int16 as 16-bit PCM, float32 as float WAV."""
    subtype = _WAV_SUBTYPE[audio.dtype]
    with replace_file(path) as temporary:
        try:
            soundfile.write(str(temporary), audio.T, rate_hz, subtype=subtype, format="WAV")
        except (soundfile.LibsndfileError, AssertionError) as error:  # what a full disk becomes
            raise UserError(f"{path} cannot be written ({error}); is the disk full?") from None


def resample(audio: FloatArray, from_hz: int, to_hz: int) -> FloatArray:
    """Resample (channels, samples) with soxr at its high quality; the same rate is a no-op."""
    if from_hz == to_hz:
        return audio
    resampled = soxr.resample(audio.T, from_hz, to_hz, quality="HQ")
    return np.ascontiguousarray(resampled.T, dtype=np.float32)


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
