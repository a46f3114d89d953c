"""What a person sees of a training: a progress bar, TensorBoard curves, and what it cost."""

import platform
import resource
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TaskID
from torch.utils.tensorboard import SummaryWriter

from iass.training.checkpoint import Point, Progress

_KIB = 1024  # bytes; ru_maxrss counts in these on Linux


class Monitor:
    """Shows points of the curve. Open it with `open_monitor`."""

    def __init__(self, writer: SummaryWriter, bar: Bar, row: TaskID, what: str) -> None:
        self._writer, self._bar, self._row, self._what = writer, bar, row, what

    def show_step(self, step: int) -> None:
        """Move the bar."""
        self._bar.update(self._row, completed=step)

    def show_point(self, point: Point, parts: Mapping[str, float]) -> None:
        """Draw one point of each curve; `parts` are the mean parts of the training loss."""
        scalars = {f"training/{name}": value for name, value in parts.items()}
        scalars |= {"training/total": point.training_loss, "learning_rate": point.learning_rate}
        if point.validation_loss is not None:
            scalars["validation/mse"] = point.validation_loss
        for name, value in scalars.items():
            self._writer.add_scalar(name, value, point.step)
        loss = f"{self._what}, loss {point.training_loss:.3g}"
        self._bar.update(self._row, description=loss)


@contextmanager
def open_monitor(folder: Path, what: str, steps: int, done: int) -> Iterator[Monitor]:
    """Open curves in `folder` and a bar on stderr, which stays quiet unless it is a terminal."""
    console = Console(stderr=True)
    with (
        SummaryWriter(str(folder), purge_step=done) as writer,
        Bar(console=console, disable=not sys.stderr.isatty(), transient=True) as bar,
    ):
        yield Monitor(writer, bar, bar.add_task(what, total=steps, completed=done), what)


class Clock:
    """Counts the seconds since it was made or last read."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def add_to(self, progress: Progress) -> None:
        """Add the time that has passed to the training's, and begin anew."""
        wall, cpu = time.perf_counter(), time.process_time()
        progress.seconds += wall - self._wall
        progress.cpu_seconds += cpu - self._cpu
        self._wall, self._cpu = wall, cpu


def measure_cost(progress: Progress, device: torch.device) -> dict[str, Any]:
    """Return what the training took: seconds, memory in bytes and the machine, for cost.json."""
    on_gpu = device.type == "cuda"
    return {
        "seconds": progress.seconds,
        "cpu_seconds": progress.cpu_seconds,
        "steps": progress.step,
        "steps_per_second": progress.step / max(progress.seconds, 1e-9),
        "device": torch.cuda.get_device_name(device) if on_gpu else "cpu",
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB,
        "peak_gpu_memory_bytes": torch.cuda.max_memory_allocated(device) if on_gpu else None,
    }
