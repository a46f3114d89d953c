"""Measuring ways of doing one thing by turns, each time in a process of its own.

A bench gives the ways by name. Its file is called again for every measurement; wall time, CPU time
and peak memory count from a prepared way on: start-up and imports are not in it. The ways take
turns, so that a change of the machine's mood meets them all.
"""

import contextlib
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TUNED = {
    "GLIBC_TUNABLES": "glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=4294967296"
    ":glibc.malloc.top_pad=268435456"
}
"""What spares a process that allocates large tensors half its time: see iass.plan.launch."""

Work = Callable[[], object]
Prepare = Callable[[str], Work]
"""From a case's name to what is measured."""


@dataclass(frozen=True)
class Way:
    """One way of doing it. `prepare` runs in the measuring process, before the clock starts."""

    prepare: Prepare
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Cost:
    """One measurement: s, s, and MiB of the process at its peak."""

    case: str
    way: str
    wall_s: float
    cpu_s: float
    peak_mib: float


def compare_mallocs(ours: Prepare, straightforward: Prepare) -> dict[str, Way]:
    """Return ours with malloc tuned, the straightforward way without, then each as the other."""
    return {
        "ours": Way(ours, TUNED),
        "straightforward": Way(straightforward, {}),
        "ours, malloc as it comes": Way(ours, {}),
        "straightforward, malloc tuned": Way(straightforward, TUNED),
    }


def take_turns(script: str, ways: Mapping[str, Way], cases: Sequence[str], runs: int) -> list[Cost]:
    """Measure every case in every way, `runs` times, by turns; tell each result on stderr."""
    costs = []
    for case in cases:
        for _ in range(runs):
            for name, way in ways.items():
                costs.append(_measure_apart(script, name, way, case))
                sys.stderr.write(f"{costs[-1]}\n")
    return costs


def measure_here(ways: Mapping[str, Way], words: Sequence[str]) -> bool:
    """Do one measurement if `words` of the command line ask for it, and print it as JSON."""
    if len(words) != 3 or words[0] != "--measure":
        return False
    _, name, case = words
    work = ways[name].prepare(case)
    sys.stdout.write(json.dumps(asdict(_measure(work, case, name))))
    return True


def _measure_apart(script: str, name: str, way: Way, case: str) -> Cost:
    done = subprocess.run(
        [sys.executable, script, "--measure", name, case],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **way.environment},
    )
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


def _measure(work: Work, case: str, name: str) -> Cost:
    reset_peak_kib()
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    work()
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s
    return Cost(case, name, wall_s, cpu_s, read_peak_kib() / 2**10)


def reset_peak_kib() -> int:
    """Return the memory of this process now; on Linux the peak starts anew from it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
    return read_peak_kib()


def read_peak_kib() -> int:
    """Return the peak of resident memory."""
    status = Path("/proc/self/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0])
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def format_costs(costs: Sequence[Cost]) -> str:
    """Return Markdown: medians and spread; how many times the first way's cost the others are."""
    lines = [
        "| case | way | runs | CPU s (min..max) | wall s | peak MiB | CPU | wall | peak |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for case in dict.fromkeys(cost.case for cost in costs):
        ways = dict.fromkeys(cost.way for cost in costs if cost.case == case)
        groups = {w: [c for c in costs if (c.case, c.way) == (case, w)] for w in ways}
        first = _take_medians(next(iter(groups.values())))
        lines += [_format_row(case, way, group, first) for way, group in groups.items()]
    return "\n".join(lines) + "\n"


def _format_row(case: str, way: str, group: Sequence[Cost], first: Sequence[float]) -> str:
    medians = _take_medians(group)
    times = [cost.cpu_s for cost in group]
    spread = f"{medians[0]:.2f} ({min(times):.2f}..{max(times):.2f})"
    ratios = [f"{here / there:.1f} x" for here, there in zip(medians, first, strict=True)]
    cells = [case, way, str(len(group)), spread, f"{medians[1]:.2f}", f"{medians[2]:.0f}", *ratios]
    return f"| {' | '.join(cells)} |"


def _take_medians(group: Sequence[Cost]) -> list[float]:
    """Return the medians of CPU s, wall s and peak MiB."""
    names = ("cpu_s", "wall_s", "peak_mib")
    return [statistics.median(getattr(cost, name) for cost in group) for name in names]


def write_costs(path: Path, costs: Sequence[Cost]) -> None:
    """Write every measurement and the machine as JSON."""
    from iass.foundation.files import write_json

    write_json(path, {"machine": describe_machine(), "costs": [asdict(cost) for cost in costs]})


def describe_machine() -> dict[str, str | int | None]:
    """Return what the numbers depend on."""
    import torch

    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "torch": torch.__version__,
        "python": platform.python_version(),
    }
