"""Loading ahead: processes that read chunks while the network learns."""

import multiprocessing
import os
import signal
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch.utils.data import DataLoader, Dataset

from iass.foundation.errors import UserError
from iass.training.chunks import Batch, ChunkSampler

_GPU_WORKERS = 4  # each mixes about 200 chunks of 6 s and four stems per second


class WorkerLostError(UserError):
    """A loading process is gone."""


@dataclass(frozen=True)
class Shares(Dataset[Batch]):
    """What one of `processes` processes computes: item k is part k % accumulate of its step.

    Part p of a step goes to process p % processes.
    """

    sampler: ChunkSampler
    rank: int = 0
    processes: int = 1

    def __getitem__(self, index: int) -> Batch:
        """Return one part of a batch."""
        step, turn = divmod(index, self.accumulate)
        parts = self.accumulate * self.processes
        return self.sampler.draw_part(step, turn * self.processes + self.rank, parts)

    @property
    def accumulate(self) -> int:
        """Parts of a step that one process computes."""
        return self.sampler.settings.accumulate


def choose_workers(workers: int | None, device: torch.device, *, is_resident: bool) -> int:
    """Return the number of loading processes, `workers` unless that is None."""
    if workers is not None:
        return workers
    is_needed = device.type == "cuda" and not is_resident
    return min(_GPU_WORKERS, os.cpu_count() or 1) if is_needed else 0


@contextmanager
def open_batches(
    shares: Shares, steps: range, workers: int, device: torch.device
) -> Iterator[Iterator[Batch]]:
    """Yield an iterator over the parts of the batches of `steps`, in order, on the device.

    The workers are new processes, not forks of this one, whose threads and GPU they could not
    use; they end with the block and with this process, however it dies. WorkerLostError if one is
    gone before.
    """
    on_gpu = device.type == "cuda"
    accumulate = shares.accumulate
    loader = DataLoader(
        shares,
        batch_size=None,
        sampler=range(steps.start * accumulate, steps.stop * accumulate),
        num_workers=workers,
        multiprocessing_context=_make_context() if workers else None,
        worker_init_fn=_start_worker if workers else None,
        pin_memory=on_gpu and workers > 0,
        generator=torch.Generator(),  # torch's own state stays as it is
    )
    parts = _name_loss(loader)
    try:
        yield (part.to(device) for part in parts)
    finally:
        parts.close()  # lets go of the iterator, which ends its workers


def _make_context() -> multiprocessing.context.BaseContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])  # torch is imported once, not by every worker
    return context


def _start_worker(_: int) -> None:
    """Live as long as the training, which decides what a signal to all of them means.

    SIGTERM must end a worker: it is how Python ends those that are left over.
    """
    for number in (signal.SIGINT, signal.SIGUSR1):
        signal.signal(number, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()


def _die_with_parent() -> None:
    """End this process with the one that asked for it, which is not its parent by number."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _name_loss(parts: DataLoader[Batch]) -> Generator[Batch]:
    try:
        yield from parts
    except (RuntimeError, EOFError, OSError) as error:
        if not _is_loss(error):
            raise
        raise WorkerLostError(
            "A process that loads chunks was killed; give the training more memory, also in "
            "/dev/shm, or lower train.workers, and start it again."
        ) from None


def _is_loss(error: Exception) -> bool:
    """Return whether a process ended by itself or while it sent a batch, not by an exception."""
    is_cut_off = isinstance(error, EOFError | ConnectionError | FileNotFoundError)
    is_passed_on = "Caught " in str(error)  # what torch writes before a worker's own exception
    return not is_passed_on and (is_cut_off or "DataLoader worker (pid" in str(error))
