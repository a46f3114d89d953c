"""Random training chunks per second: our memory-mapped store beside reading WAV and FLAC files.

`python bench/loading.py` prints a table; --quick is one short round. Every way reads the same
random 6-s chunks of four stereo stems as float32, from a warm cache, in one thread; the ways take
turns, round by round. musdb starts the program ffmpeg once per stem: not measured here.
"""

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from iass.preparation.store import open_store, read_chunk, write_store

RATE_HZ = 44100
CHUNK_S = 6.0
SONG_S = 60.0
SONGS = 8
STEMS = ("bass", "drums", "other", "vocals")
ROUNDS = 5
ROUND_S = 2.0  # least time of one way in one round
SEED = 3

Draw = Callable[[int, int], list[NDArray[np.float32]]]
"""draw(song, start) reads one chunk of every stem, float32."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="2 songs, one round of 0.2 s")
    quick = parser.parse_args().quick
    songs, rounds, seconds = (2, 1, 0.2) if quick else (SONGS, ROUNDS, ROUND_S)
    with tempfile.TemporaryDirectory() as folder:
        write_songs(Path(folder), songs)
        ways = open_ways(Path(folder), songs)
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds):
            for name, draw in ways.items():
                rates[name].append(measure(draw, songs, seconds, number))
    sys.stdout.write(format_table(rates))


def write_songs(folder: Path, songs: int) -> None:
    """Write noise of 16 bits as WAV, FLAC and store; noise packs worst, which is fair to none."""
    rng = np.random.default_rng(SEED)
    samples = round(SONG_S * RATE_HZ)
    for song in range(songs):
        for stem in STEMS:
            audio = rng.integers(-8000, 8000, (samples, 2), dtype=np.int16)
            for suffix in ("wav", "flac"):
                soundfile.write(folder / f"{song}-{stem}.{suffix}", audio, RATE_HZ, "PCM_16")
        write_store(folder / f"{song}.npy", [folder / f"{song}-{stem}.wav" for stem in STEMS])


def open_ways(folder: Path, songs: int) -> dict[str, Draw]:
    """Return the ways to read a chunk, by name."""
    stores = [open_store(folder / f"{song}.npy") for song in range(songs)]
    samples = round(CHUNK_S * RATE_HZ)

    def draw_from_store(song: int, start: int) -> list[NDArray[np.float32]]:
        return [read_chunk(stores[song], stem, start, samples) for stem in range(len(STEMS))]

    def read_files(suffix: str) -> Draw:
        def draw(song: int, start: int) -> list[NDArray[np.float32]]:
            paths = [folder / f"{song}-{stem}.{suffix}" for stem in STEMS]
            return [
                soundfile.read(path, frames=samples, start=start, dtype="float32")[0].T
                for path in paths
            ]

        return draw

    return {
        "ours (memory-mapped int16)": draw_from_store,
        "soundfile, WAV": read_files("wav"),
        "soundfile, FLAC": read_files("flac"),
    }


def measure(draw: Draw, songs: int, seconds: float, number: int) -> float:
    """Return chunks per second; every way draws the same places in a round."""
    places = draw_places(songs, number)
    draw(*next(places))
    count, start_s = 0, time.perf_counter()
    while time.perf_counter() - start_s < seconds:
        draw(*next(places))
        count += 1
    return count / (time.perf_counter() - start_s)


def draw_places(songs: int, number: int) -> Iterator[tuple[int, int]]:
    """Yield random songs and first samples for ever."""
    rng = np.random.default_rng([SEED, number])
    last = round((SONG_S - CHUNK_S) * RATE_HZ)
    while True:
        yield int(rng.integers(songs)), int(rng.integers(last))


def format_table(rates: dict[str, list[float]]) -> str:
    """Return Markdown: chunks per second of every way, and how many times ours that is."""
    ours = statistics.median(next(iter(rates.values())))
    lines = ["| way | chunks/s (min..max) | ours is faster by |", "|---|---|---|"]
    for name, values in rates.items():
        median = statistics.median(values)
        spread = f"{median:.0f} ({min(values):.0f}..{max(values):.0f})"
        lines.append(f"| {name} | {spread} | {ours / median:.1f} x |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
