"""From the files of a song to one WAV per target and one of the rest, made once.

A mono file stays mono until a stereo one is added to it, and then sounds on both channels. The
authors of Mixing Secrets mixed every file down to mono first; (L+R)/2 of our stems is the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from filelock import FileLock
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from iass.datasets.multitracks.recipe import Recipe
from iass.foundation.audio import (
    AudioInfo,
    FloatArray,
    probe_audio,
    read_audio,
    resample,
    to_pcm16,
    write_wav,
)
from iass.foundation.errors import UserError
from iass.foundation.files import hash_text, read_json, write_json

RATE_HZ = 44100  # the rate of every data set and network of the benchmark (METHOD section 2)
MOST_CHANNELS = 2
MIXTURE = "mixture"

_VERSION = 1  # raise it when the samples written change
_RECEIPT = "song.json"
_MUTEX = ".building.lock"


class BuiltSong(BaseModel):
    """The files of a song as they are used: equal in rate and length, mono or stereo."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    made_of: Annotated[str, Field(description="Hash of the recipe and of its files' states.")]
    stems: dict[str, Path]
    mixture: Path | None
    flags: tuple[str, ...]


@dataclass(frozen=True)
class SongBuilder:
    """Builds a song below `folder`; picklable."""

    folder: Path

    def __call__(self, recipe: Recipe) -> BuiltSong:
        """Return the song, from an earlier run where recipe and files are the same.

        One process builds a song at a time, the others wait; a killed one leaves nothing behind.

        UserError names a file that is missing, unreadable or has more than two channels.
        """
        folder = self.folder / recipe.track
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / _MUTEX):
            made_of = _hash_recipe(recipe)
            known = _read_receipt(folder / _RECEIPT)
            if known and known.made_of == made_of and all(map(Path.is_file, _list_made(known))):
                return known
            built = build_song(recipe, folder, made_of)
            write_json(folder / _RECEIPT, built.model_dump(mode="json"))
            return built


def build_song(recipe: Recipe, folder: Path, made_of: str = "") -> BuiltSong:
    """Write what has to be written of a song to `folder`, and return all of it.

    Everything gets the length of the longest file, zeros at the end. A group of one file that
    has that length and the benchmark's rate is used where it lies.
    """
    infos = {path: _probe(path) for path in recipe.list_files()}
    samples = max(_count_samples(info) for info in infos.values())
    stems, total = {}, np.zeros((1, samples), np.float32)
    for group, parts in recipe.groups.items():
        used = _find_usable(parts, infos, samples)
        if used is None or recipe.sums_mixture:
            audio = _sum_stems(parts, samples)
            total = _add(total, audio) if recipe.sums_mixture else total
        stems[group] = used or _write(folder / f"{group}.wav", audio)
    return BuiltSong(
        made_of=made_of,
        stems=stems,
        mixture=_make_mixture(recipe, infos, samples, total, folder),
        flags=tuple(
            sorted({f"resampled:{i.rate_hz}" for i in infos.values() if i.rate_hz != RATE_HZ})
        ),
    )


def _make_mixture(
    recipe: Recipe, infos: Mapping[Path, AudioInfo], samples: int, total: FloatArray, folder: Path
) -> Path | None:
    if recipe.mixture is not None:
        parts = ((recipe.mixture,),)
        used = _find_usable(parts, infos, samples)
        return used or _write(folder / f"{MIXTURE}.wav", _sum_stems(parts, samples))
    return _write(folder / f"{MIXTURE}.wav", total) if recipe.sums_mixture else None


def _probe(path: Path) -> AudioInfo:
    info = probe_audio(path)
    if info.channels > MOST_CHANNELS:
        raise UserError(
            f"{path} has {info.channels} channels; mix it down to mono or stereo, or name its song "
            "in the data set's option 'leave_out'."
        )
    return info


def _count_samples(info: AudioInfo) -> int:
    """Return a file's length at the benchmark's rate."""
    return round(info.samples * RATE_HZ / info.rate_hz)


def _find_usable(
    parts: Sequence[Sequence[Path]], infos: Mapping[Path, AudioInfo], samples: int
) -> Path | None:
    """Return the only file of a group if it can be used as it is."""
    files = [path for part in parts for path in part]
    info = infos[files[0]]
    fits = len(files) == 1 and info.rate_hz == RATE_HZ and info.samples == samples
    return files[0].resolve() if fits else None


def _sum_stems(parts: Sequence[Sequence[Path]], samples: int) -> FloatArray:
    """Return the sum over stems of the mean over their files: (1 or 2 channels, samples)."""
    total = np.zeros((1, samples), np.float32)
    for part in parts:
        stem = np.zeros((1, samples), np.float32)
        for path in part:
            stem = _add(stem, _read(path, samples))
        total = _add(total, stem / np.float32(len(part)) if len(part) > 1 else stem)
    return total


def _read(path: Path, samples: int) -> FloatArray:
    """Return a file at the benchmark's rate; resampling may give one sample too many."""
    audio, rate_hz = read_audio(path)
    return resample(audio, rate_hz, RATE_HZ)[:, :samples]


def _add(total: FloatArray, audio: FloatArray) -> FloatArray:
    """Add from the start, in place where the widths allow it; mono sounds on both channels."""
    if len(total) < len(audio):
        total = np.repeat(total, len(audio), axis=0)
    total[:, : audio.shape[1]] += audio
    return total


def _write(path: Path, audio: FloatArray) -> Path:
    """Write 16 bits where they hold the audio exactly, else floats."""
    pcm = to_pcm16(audio)
    is_exact = np.array_equal(pcm.astype(np.float32) * np.float32(2**-15), audio)
    write_wav(path, pcm if is_exact else audio, RATE_HZ)
    return path.resolve()


def _hash_recipe(recipe: Recipe) -> str:
    """Return a hash that changes with the recipe and with its files."""
    states = []
    for path in recipe.list_files():
        status = path.stat()
        states.append(f"{path.resolve()} {status.st_size} {status.st_mtime_ns}")
    return hash_text("\n".join([f"{_VERSION} {asdict(recipe)}", *states]))


def _read_receipt(path: Path) -> BuiltSong | None:
    try:
        return BuiltSong.model_validate(read_json(path))
    except (UserError, ValidationError):
        return None


def _list_made(song: BuiltSong) -> list[Path]:
    return [*song.stems.values(), *([song.mixture] if song.mixture else [])]
