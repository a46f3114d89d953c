"""What a training cost: it differs from run to run and so goes to cost.json alone."""

import platform
import resource
import time
from collections.abc import Iterator
from typing import Any, TypeVar

import torch

from iass.foundation.config import TrainSettings
from iass.training.checkpoint import Progress

_KIB = 1024  # bytes; ru_maxrss counts in these on Linux

T = TypeVar("T")


class Clock:
    """Counts the seconds since it was made or last read, and those spent waiting for data."""

    def __init__(self) -> None:
        self._wall, self._cpu, self._waited = time.perf_counter(), time.process_time(), 0.0

    def watch(self, items: Iterator[T]) -> Iterator[T]:
        """Pass items on and count the time until each one comes."""
        while True:
            start = time.perf_counter()
            item = next(items, None)
            self._waited += time.perf_counter() - start
            if item is None:
                return
            yield item

    def add_to(self, progress: Progress) -> None:
        """Add the time that has passed to the training's, and begin anew."""
        wall, cpu = time.perf_counter(), time.process_time()
        progress.seconds += wall - self._wall
        progress.cpu_seconds += cpu - self._cpu
        progress.waiting_seconds += self._waited
        self._wall, self._cpu, self._waited = wall, cpu, 0.0


def measure_cost(
    progress: Progress, settings: TrainSettings, device: torch.device
) -> dict[str, Any]:
    """Return what the training took, validations included, for cost.json.

    Seconds and steps count what the model needed, not what a killed run lost; memory is that of
    the last run's first process, in bytes; the waiting share is the time without data to learn.
    """
    on_gpu = device.type == "cuda"
    seconds = max(progress.seconds, 1e-9)
    return {
        "seconds": progress.seconds,
        "cpu_seconds": progress.cpu_seconds,
        "gpu_hours": seconds / 3600 * settings.processes if on_gpu else None,
        "waiting_share": progress.waiting_seconds / seconds,
        "steps": progress.step,
        "steps_per_second": progress.step / seconds,
        "chunks_per_second": progress.step * settings.batch_size / seconds,
        "processes": settings.processes,
        "workers": settings.workers,
        "device": torch.cuda.get_device_name(device) if on_gpu else "cpu",
        "machine": platform.machine(),
        "threads": torch.get_num_threads(),
        "torch": torch.__version__,
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _KIB,
        "peak_gpu_memory_bytes": torch.cuda.max_memory_allocated(device) if on_gpu else None,
    }
