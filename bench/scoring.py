"""Cost of BSSEval v4: ours and museval's, on the same generated music, in one run.

`python bench/scoring.py` prints a table of medians; --quick is one short job, --output a JSON file
with every measurement. Each measurement has a process of its own, where wall time, CPU time and
peak memory count from the loaded arrays on: start-up and imports are not in it. The two engines
take turns, so that a change of the machine's mood meets both. Imports stand in the functions that
need them, so that neither engine's process carries the other's libraries.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from turns import read_peak_kib, reset_peak_kib

RATE_HZ = 44100
TARGETS = (2, 4, 6)
SECONDS = (30, 60, 240)
RUNS = 3
LONG_S = 240  # museval takes minutes there: it runs once
SONG_S = 30.0  # rendered; longer songs repeat it with changing levels
SEED = 11
LEAKAGE = 0.1  # share of the other sources in an estimate
NOISE = 0.003  # standard deviation of the noise in an estimate, full scale 1
DITHER = 2.0**-15  # one step of 16 bits: no frame is silent, so none is skipped
FULL_SCALE = 2**15
MEBIBYTE = 2**20
KIBIBYTE = 2**10

Audio = NDArray[np.float32]
Values = NDArray[np.float64]
Score = Callable[[Audio, Audio], Values]
ENGINES = ("ours", "museval")


@dataclass(frozen=True)
class Job:
    """One size of problem: stereo targets and length in s."""

    targets: int
    seconds: int


@dataclass(frozen=True)
class Cost:
    """One measurement: s, s, MiB of the process at its peak, MiB of it above the loaded arrays."""

    engine: str
    targets: int
    seconds: int
    wall_s: float
    cpu_s: float
    peak_mib: float
    growth_mib: float
    medians_db: list[float]


def main() -> None:
    """Run the jobs asked for."""
    arguments = read_arguments()
    if arguments.measure:
        sys.stdout.write(json.dumps(asdict(measure(arguments.measure, arguments.audio))))
        return
    costs = [cost for job in list_jobs(arguments) for cost in run_job(job, arguments.runs)]
    sys.stdout.write(format_table(costs) + "\n")
    if arguments.output:
        from iass.foundation.files import write_bytes

        result = {"machine": describe_machine(), "costs": [asdict(cost) for cost in costs]}
        write_bytes(arguments.output, (json.dumps(result, indent=1) + "\n").encode())


def read_arguments() -> argparse.Namespace:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--targets", type=int, nargs="+", default=TARGETS)
    parser.add_argument("--seconds", type=int, nargs="+", default=SECONDS)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--quick", action="store_true", help="2 targets, 10 s, one run")
    parser.add_argument("--output", type=Path, help="JSON file for every measurement")
    parser.add_argument("--measure", choices=ENGINES, help=argparse.SUPPRESS)
    parser.add_argument("--audio", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.quick:
        arguments.targets, arguments.seconds, arguments.runs = [2], [10], 1
    return arguments


def list_jobs(arguments: argparse.Namespace) -> list[Job]:
    """Return every combination of targets and seconds."""
    return [Job(*pair) for pair in itertools.product(arguments.targets, arguments.seconds)]


def run_job(job: Job, runs: int) -> list[Cost]:
    """Measure both engines by turns, each time in a fresh process."""
    costs = []
    with tempfile.TemporaryDirectory() as folder:
        audio = Path(folder) / "audio.npy"
        np.save(audio, generate_audio(job))
        for run in range(runs):
            for engine in ENGINES:
                if engine == "museval" and job.seconds >= LONG_S and run > 0:
                    continue
                costs.append(measure_apart(engine, audio))
                sys.stderr.write(f"{costs[-1]}\n")
    return costs


def measure_apart(engine: str, audio: Path) -> Cost:
    """Call this file again for one measurement."""
    command = [sys.executable, __file__, "--measure", engine, "--audio", str(audio)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Cost(**json.loads(done.stdout))


def generate_audio(job: Job) -> Audio:
    """Return (references and estimates, targets, 2 channels, samples), music of `SONG_S` repeated.

    References are 16-bit, as on a disc; an estimate is its reference with a share of the others and
    noise. Levels change from repetition to repetition, so that no two frames are equal.
    """
    rng = np.random.default_rng(SEED)
    samples = job.seconds * RATE_HZ
    stems = np.stack(render_stems(job.targets))
    levels = rng.uniform(0.3, 1.0, (-(-samples // stems.shape[-1]), job.targets, 1, 1))
    long = np.concatenate([level * stems for level in levels], axis=-1)[..., :samples]
    long += rng.uniform(-DITHER, DITHER, long.shape)
    references = np.round(long * FULL_SCALE) / FULL_SCALE
    others = references.sum(axis=0) - references
    noise = NOISE * rng.standard_normal(references.shape)
    return np.stack([references, references + LEAKAGE * others + noise]).astype(np.float32)


def render_stems(targets: int) -> list[Values]:
    """Return stems (2 channels, samples) of the first song with enough of them that sound."""
    from iass.synthesis import STEMS, plan_songs, render_song

    for plan in plan_songs(SEED, {"test": 8}, {"test": SONG_S}):
        song = render_song(plan)
        sounding = [song.stems[name] / FULL_SCALE for name in STEMS if song.stems[name].any()]
        if len(sounding) >= targets:
            return sounding[:targets]
    raise SystemExit(f"no song with {targets} stems that sound; ask for fewer targets")


def measure(engine: str, audio: Path) -> Cost:
    """Score the arrays in a file with one engine, in this process."""
    references, estimates = np.load(audio)
    score = {"ours": import_ours, "museval": import_museval}[engine]()
    settled_kib = reset_peak_kib()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    values = score(references, estimates)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    peak_kib = read_peak_kib()
    return Cost(
        engine,
        len(references),
        references.shape[-1] // RATE_HZ,
        wall_s,
        cpu_s,
        peak_kib / KIBIBYTE,
        (peak_kib - settled_kib) / KIBIBYTE,
        np.nanmedian(values, axis=-1).mean(axis=-1).tolist(),
    )


def import_ours() -> Score:
    """Return what scores with this project: (metrics, targets, frames)."""
    from iass.scoring.bss_eval import evaluate

    def score(references: Audio, estimates: Audio) -> Values:
        return np.stack(list(evaluate(references, estimates, window=RATE_HZ, hop=RATE_HZ).values()))

    return score


def import_museval() -> Score:
    """Return what scores with museval, the same shapes."""
    from iass.foundation import stand_ins

    museval = stand_ins.import_museval()

    def score(references: Audio, estimates: Audio) -> Values:
        turned = [audio.transpose(0, 2, 1) for audio in (references, estimates)]
        return np.stack(museval.evaluate(*turned, win=RATE_HZ, hop=RATE_HZ))

    return score


def describe_machine() -> dict[str, str | int | None]:
    """Return what the numbers depend on."""
    import torch

    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "torch_threads": torch.get_num_threads(),
        "numpy": np.__version__,
    }


def format_table(costs: list[Cost]) -> str:
    """Return Markdown: medians of both engines, spread of the wall time, ratios museval / ours."""
    lines = [
        "| targets | s | engine | runs | wall s (min..max) | CPU s | peak MiB | above arrays MiB |"
        " wall | CPU | peak | above |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for job in dict.fromkeys((cost.targets, cost.seconds) for cost in costs):
        groups = [
            [c for c in costs if (c.targets, c.seconds, c.engine) == (*job, engine)]
            for engine in ENGINES
        ]
        ours, theirs = (take_medians(group) for group in groups)
        ratios = [f"{there / here:.1f} x" for here, there in zip(ours, theirs, strict=True)]
        for engine, group, medians in zip(ENGINES, groups, (ours, theirs), strict=True):
            cells = format_cells(engine, group, medians)
            ends = ratios if engine == "ours" else [""] * len(ratios)
            lines.append("| " + " | ".join([*map(str, job), *cells, *ends]) + " |")
    return "\n".join(lines)


def take_medians(group: list[Cost]) -> tuple[float, ...]:
    """Return medians of wall s, CPU s, peak MiB, growth MiB."""
    names = ("wall_s", "cpu_s", "peak_mib", "growth_mib")
    return tuple(statistics.median(getattr(cost, name) for cost in group) for name in names)


def format_cells(engine: str, group: list[Cost], medians: tuple[float, ...]) -> list[str]:
    """Return one engine's cells of the table."""
    walls = [cost.wall_s for cost in group]
    wall, cpu, peak, growth = medians
    spread = f"{wall:.2f} ({min(walls):.2f}..{max(walls):.2f})"
    return [engine, str(len(group)), spread, f"{cpu:.2f}", f"{peak:.0f}", f"{growth:.0f}"]


if __name__ == "__main__":
    main()
