"""Folders of short WAV files, references and estimates, for the tests of `iass score`."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from songs import Noise, make_noise

from iass.foundation.audio import FloatArray, write_wav

RATE_HZ = 8000
WINDOW = ("--window", "0.5", "--hop", "0.5")


def make_song(
    seed: int, targets: tuple[str, ...] = ("drums", "vocals"), channels: int = 1
) -> Noise:
    """Return 1.5 s of noise per target, quiet enough for whole numbers, and what mixes to it."""
    references = {t: 0.1 * make_noise(10 * seed + i, channels) for i, t in enumerate(targets)}
    estimates = {t: a + 0.02 * make_noise(99 + seed, channels) for t, a in references.items()}
    return Noise(references, estimates, sum(references.values()))  # type: ignore[arg-type]


def write_folder(folder: Path, audio: Mapping[str, FloatArray], rate_hz: int = RATE_HZ) -> Path:
    """Write one float WAV per name."""
    for name, samples in audio.items():
        write_wav(folder / f"{name}.wav", samples, rate_hz)
    return folder


@dataclass(frozen=True)
class Folders:
    """References and estimates on disk."""

    references: Path
    estimates: Path

    def write(self, song: Noise, track: str = "", with_mixture: bool = True) -> None:
        """Write a song into the folders `track` of both sides."""
        mixture = {"mixture": song.mixture} if with_mixture else {}
        write_folder(self.references / track, song.references | mixture)
        write_folder(self.estimates / track, song.estimates)


def write_tree(folder: Path, tracks: tuple[str, ...]) -> Folders:
    """Write a song per track, such as "test/Song", each another one."""
    folders = Folders(folder / "references", folder / "estimates")
    for seed, track in enumerate(tracks):
        folders.write(make_song(seed), track)
    return folders


def read_visible(folder: Path) -> dict[str, bytes]:
    """Return the bytes of all files that are in no hidden place, by relative path."""
    paths = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    shown = [path for path in paths if not any(part.startswith(".") for part in path.parts)]
    return {str(path): (folder / path).read_bytes() for path in shown}
