"""MUSDB18's first edition: one .stem.mp4 per track, five AAC streams in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import av
import numpy as np

from iass.datasets.musdb.layout import SUBSETS, describe_track, explain_nothing
from iass.foundation.audio import FloatArray, to_pcm16, write_wav
from iass.foundation.card import Split, Tools, TrackFiles
from iass.foundation.errors import UserError
from iass.foundation.faults import make_all

RATE_HZ = 44100
STREAMS = ("mixture", "drums", "bass", "other", "vocals")  # order in a file (DATA)
SUFFIX = ".stem.mp4"
LOOSE_SAMPLES = 4096  # by which streams of one file may differ: a few frames of AAC


@dataclass(frozen=True)
class StemFile:
    """One file to decode into a folder of WAVs."""

    path: Path
    subset: Split
    folder: Path

    @property
    def name(self) -> str:
        """The track's name: dots in it stay."""
        return self.path.name.removesuffix(SUFFIX)


def keep_stem_files(member: PurePosixPath) -> PurePosixPath | None:
    """Want <subset>/<track>.stem.mp4 of an archive, however deep it lies."""
    parts = member.parts[-2:]
    is_song = len(parts) == 2 and parts[0] in SUBSETS and member.name.endswith(SUFFIX)
    return PurePosixPath(*parts) if is_song else None


def decode_tracks(root: Path, tools: Tools) -> list[TrackFiles]:
    """Decode every file below `root` to 16-bit WAVs in the data set's own folder, and list them.

    UserError if there is no file, or naming those that cannot be decoded.
    """
    files = [
        StemFile(path, subset, tools.folder / "songs" / subset / path.name.removesuffix(SUFFIX))
        for subset in SUBSETS
        for path in sorted((root / subset).glob(f"*{SUFFIX}"))
    ]
    if not files:
        raise UserError(_explain_nothing(root))
    return make_all(tools, decode_track, files, "musdb18: decode")


def decode_track(file: StemFile) -> TrackFiles:
    """Decode one file; WAVs that are already there and newer than it are complete and stay.

    16 bits, as musdb and so museval read these files: scores of decoded AAC held as floats do not
    even repeat themselves (METHOD, scores).
    """
    paths = {name: file.folder / f"{name}.wav" for name in STREAMS}
    if not all(_is_newer(path, file.path) for path in paths.values()):
        audio = decode_streams(file.path)
        lengths = [stream.shape[1] for stream in audio]
        if len(audio) != len(STREAMS) or max(lengths) - min(lengths) > LOOSE_SAMPLES:
            raise UserError(
                f"{file.path} has streams of {lengths} samples where five of one length were "
                "expected; get the file again."
            )
        for name, stream in zip(STREAMS, audio, strict=True):
            write_wav(paths[name], to_pcm16(stream[:, : min(lengths)]), RATE_HZ)
    return describe_track(file.name, file.subset, paths)


def _is_newer(path: Path, source: Path) -> bool:
    return path.is_file() and path.stat().st_mtime_ns > source.stat().st_ctime_ns


def decode_streams(path: Path) -> Sequence[FloatArray]:
    """Decode every audio stream of a file to float32 (channels, samples) at full scale +-1.

    UserError if it cannot be decoded, holds no sound or has another rate than 44.1 kHz.
    """
    try:
        with av.open(str(path)) as container:
            count = len(container.streams.audio)
        return [_decode_stream(path, index) for index in range(count)]
    except (OSError, av.FFmpegError) as error:
        raise UserError(f"{path} cannot be decoded ({error}); get the file again.") from None


def _decode_stream(path: Path, index: int) -> FloatArray:
    with av.open(str(path)) as container:
        rate_hz = container.streams.audio[index].rate
        frames = [frame.to_ndarray() for frame in container.decode(audio=index)]
    if rate_hz != RATE_HZ or not frames:
        raise UserError(
            f"{path}: stream {index} holds {len(frames)} frames at {rate_hz} Hz where music at "
            f"{RATE_HZ} Hz was expected; get the file again."
        )
    return np.ascontiguousarray(np.concatenate(frames, axis=1), dtype=np.float32)


def _explain_nothing(root: Path) -> str:
    if any(root.rglob("mixture.wav")):
        return (
            f"found 0 tracks because {root} holds WAV files; use the data set musdb18hq for them, "
            "or point MUSDB_PATH at the .stem.mp4 files."
        )
    return explain_nothing(root).replace("<Artist - Title>/*.wav", f"*{SUFFIX}")
