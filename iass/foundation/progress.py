"""Progress bars on stderr, silent where stderr is not a terminal."""

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
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
    """Return `function` of each item, in order, from `processes` fresh processes and with a bar."""
    if processes == 1 or len(items) < 2:
        return list(show_progress(map(function, items), what, len(items)))
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(processes, len(items)), mp_context=context) as pool:
        return list(show_progress(pool.map(function, items), what, len(items)))


@contextmanager
def show_bytes(what: str, total: int | None) -> Iterator[Callable[[int], None]]:
    """Yield a function that moves a bar of `total` bytes on, with rate and remaining time.

    None: how many there are is not known.
    """
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
