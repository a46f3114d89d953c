"""Preparation beside reading the same files once: seconds of music per second of one core.

`python bench/preparation.py` prints a table; --quick is one short song each. Prepared is what the
step `prepare` makes of a song: stems per target and their sum, checksums, activity labels and the
training store. Reading is the least that anything could do. The two take turns, song by song.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import soundfile

from iass.datasets.multitracks.build import SongBuilder
from iass.datasets.multitracks.recipe import Recipe
from iass.foundation.card import TrackFiles
from iass.preparation.describe import describe_tracks
from iass.preparation.manifest import Manifest
from iass.preparation.tools import PreparationTools

SONG_S = 240.0
ROUNDS = 5
SEED = 3
GROUPS = ("bass", "drums", "rest", "vocals")


@dataclass(frozen=True)
class Kind:
    """What a set's songs are like: files per group, their format, and whether there is a mix."""

    name: str
    files_per_group: int
    channels: int
    subtype: str
    rate_hz: int
    has_mixture: bool


KINDS = (
    Kind("MUSDB18-HQ: 4 stereo stems of 16 bits and a mixture", 1, 2, "PCM_16", 44100, True),
    Kind("MedleyDB: 12 stereo stems of 16 bits and a mixture", 3, 2, "PCM_16", 44100, True),
    Kind("Mixing Secrets: 24 mono files of 24 bits", 6, 1, "PCM_24", 44100, False),
    Kind("Mixing Secrets: 24 mono files of 24 bits at 48 kHz", 6, 1, "PCM_24", 48000, False),
)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round of songs of 10 s")
    quick = parser.parse_args().quick
    song_s, rounds = (10.0, 1) if quick else (SONG_S, ROUNDS)
    sys.stdout.write("| song | prepared | read once | preparing costs |\n|---|---|---|---|\n")
    for kind in KINDS:
        sys.stdout.write(measure_kind(kind, song_s, rounds))
        sys.stdout.flush()


def measure_kind(kind: Kind, song_s: float, rounds: int) -> str:
    """Return the table's row: medians and spread over the rounds."""
    with tempfile.TemporaryDirectory() as name:
        recipe = write_song(kind, song_s, Path(name) / "raw")
        prepared, read = [], []
        for number in range(rounds):
            folder = Path(name) / str(number)
            prepared.append(song_s / measure_cpu_s(partial(prepare_song, recipe, folder)))
            read.append(song_s / measure_cpu_s(partial(read_files, recipe)))
    costs = statistics.median(read) / statistics.median(prepared)
    return f"| {kind.name} | {format_rate(prepared)} | {format_rate(read)} | {costs:.1f} x |\n"


def write_song(kind: Kind, song_s: float, folder: Path) -> Recipe:
    """Write noise, which no format packs, and return the recipe of its song."""
    folder.mkdir()
    rng = np.random.default_rng(SEED)
    samples = round(song_s * kind.rate_hz)

    def write(name: str) -> Path:
        audio = rng.integers(-(2**26), 2**26, (samples, kind.channels), dtype=np.int32)
        soundfile.write(folder / f"{name}.wav", audio, kind.rate_hz, kind.subtype)
        return folder / f"{name}.wav"

    return Recipe(
        track="song",
        groups={
            group: tuple((write(f"{group}{n}"),) for n in range(kind.files_per_group))
            for group in GROUPS
        },
        mixture=write("mixture") if kind.has_mixture else None,
        sums_mixture=not kind.has_mixture,
    )


def prepare_song(recipe: Recipe, folder: Path) -> None:
    """Do what the step `prepare` does with a training song."""
    built = SongBuilder(folder / "songs")(recipe)
    files = TrackFiles("song", "song", "nobody", "train", built.stems, built.mixture)
    empty = Manifest(
        dataset="bench",
        protocol="per_target",
        targets={group: [group] for group in GROUPS},
        mixture_rule="file",
        tracks=[],
    )
    describe_tracks(empty, [files], folder / "manifest.json", PreparationTools(folder / "bench"))


def read_files(recipe: Recipe) -> None:
    """Read every file of a song as float32."""
    for path in recipe.list_files():
        soundfile.read(path, dtype="float32")


def measure_cpu_s(work: Callable[[], None]) -> float:
    """Return the CPU seconds of all threads."""
    before = time.process_time()
    work()
    return time.process_time() - before


def format_rate(rates: list[float]) -> str:
    """Return the median and the range, in times real time."""
    return f"{statistics.median(rates):.0f} x ({min(rates):.0f}..{max(rates):.0f})"


if __name__ == "__main__":
    main()
