"""Progress on stderr: bars on a terminal; of transfers, lines in a log file; else silence."""

import multiprocessing
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from threading import Thread
from typing import TypeVar

from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
    track,
)

from iass.foundation.log_lines import is_log, log_bytes

S = TypeVar("S")
T = TypeVar("T")


def show_progress(items: Iterable[T], what: str, total: int) -> Iterator[T]:
    """Yield the items behind a bar labelled `what`."""
    console = Console(stderr=True)
    yield from track(
        items, what, total=total, console=console, disable=not console.is_terminal, transient=True
    )


def run_parallel(
    function: Callable[[S], T], items: Sequence[S], what: str, processes: int
) -> list[T]:
    """Return `function` of each item, in order, from `processes` fresh processes and with a bar.

    They end with this process, even if it is killed.
    """
    if processes == 1 or len(items) < 2:
        return list(show_progress(map(function, items), what, len(items)))
    context = multiprocessing.get_context("spawn")
    count = min(processes, len(items))
    with ProcessPoolExecutor(count, mp_context=context, initializer=_end_with_parent) as pool:
        return list(show_progress(pool.map(function, items), what, len(items)))


def _end_with_parent() -> None:
    """Watch the parent: the pool's own workers would wait for a killed one for ever."""
    Thread(target=_wait_for_parent, daemon=True).start()


def _wait_for_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def show_bytes(what: str, total: int | None) -> AbstractContextManager[Callable[[int], None]]:
    """Yield a function that counts bytes on, of `total` (None: not known).

    A bar on a terminal, now and then a line where stderr is a log file, and silence elsewhere.
    """
    return log_bytes(what, total, sys.stderr) if is_log(sys.stderr) else _draw_bytes(what, total)


@contextmanager
def _draw_bytes(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    silent = not console.is_terminal
    with Progress(*columns, console=console, disable=silent, transient=True) as bar:
        task = bar.add_task(what, total=total)
        yield lambda count: bar.advance(task, count)
