"""Any song that a person has, as blocks of samples: read by libsndfile, else by FFmpeg's codecs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import av
import numpy as np
import soundfile
from av.audio.frame import AudioFrame
from av.container import InputContainer
from numpy.typing import NDArray

from iass.foundation.audio import FloatArray, check_finite
from iass.foundation.errors import UserError

_BLOCK = 1 << 18  # samples that libsndfile reads at a time


@dataclass(frozen=True)
class Decoder:
    """An open song; `blocks` yields float32 (channels, samples) from its beginning to its end."""

    rate_hz: int
    channels: int
    blocks: Iterator[FloatArray]


@contextmanager
def open_song(path: Path) -> Iterator[Decoder]:
    """Open WAV, FLAC, MP3, Ogg and what else libsndfile reads, or AAC and what else PyAV does.

    Of a file with several audio streams the first is meant. UserError if the file is missing or no
    audio, and, when its blocks are read, if it is damaged or holds NaN or infinite samples.
    """
    if not path.is_file():
        raise UserError(f"{path} is not a file; give the path of a song.")
    opener = _open_by_libsndfile if _is_native(path) else _open_by_ffmpeg
    with opener(path) as decoder:
        yield Decoder(decoder.rate_hz, decoder.channels, _check_blocks(decoder.blocks, path))


def _is_native(path: Path) -> bool:
    """Return whether libsndfile reads a file (TypeError: of *.raw it asks for rate and so on)."""
    try:
        soundfile.info(str(path))
    except (soundfile.LibsndfileError, TypeError):
        return False
    return True


@contextmanager
def _open_by_libsndfile(path: Path) -> Iterator[Decoder]:
    with soundfile.SoundFile(str(path)) as file:
        yield Decoder(file.samplerate, file.channels, _read_blocks(file))


def _read_blocks(file: soundfile.SoundFile) -> Iterator[FloatArray]:
    while len(samples := file.read(_BLOCK, dtype="float32", always_2d=True)):
        yield samples.T


@contextmanager
def _open_by_ffmpeg(path: Path) -> Iterator[Decoder]:
    with _open_container(path) as container:
        frames = _decode_frames(container)
        first = _find_sound(frames, path)
        blocks = (frame.to_ndarray() for frame in chain([first], frames))
        yield Decoder(first.sample_rate, first.layout.nb_channels, map(_as_float, blocks))


def _as_float(samples: NDArray[Any]) -> FloatArray:
    return np.asarray(samples, np.float32)


def _open_container(path: Path) -> InputContainer:
    try:
        return av.open(str(path.resolve()))  # in a bare a:b FFmpeg sees a protocol a
    except (OSError, av.FFmpegError) as error:
        raise UserError(_refuse(path, error.strerror or "unknown format")) from None


def _find_sound(frames: Iterator[AudioFrame], path: Path) -> AudioFrame:
    """Return the first frame, which tells rate and channels better than headers do."""
    try:
        return next(frames)
    except (StopIteration, OSError, av.FFmpegError, IndexError):  # IndexError: no audio stream
        raise UserError(_refuse(path, "it holds no sound")) from None


def _decode_frames(container: InputContainer) -> Iterator[AudioFrame]:
    """Yield the first audio stream as frames of planar floats."""
    resampler = av.AudioResampler(format="fltp")
    for frame in container.decode(audio=0):
        yield from resampler.resample(frame)
    yield from resampler.resample(None)


def _check_blocks(blocks: Iterator[FloatArray], path: Path) -> Iterator[FloatArray]:
    done = 0
    try:
        for block in blocks:
            check_finite(block, str(path), done)
            done += block.shape[1]
            yield block
    except (soundfile.LibsndfileError, av.FFmpegError, ValueError) as error:
        raise UserError(f"{path} is damaged after sample {done} ({error}); get it again.") from None


def _refuse(path: Path, error: object) -> str:
    return f"{path} cannot be read as audio ({error}); give WAV, FLAC, MP3, M4A or another format."
