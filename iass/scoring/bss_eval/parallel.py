"""Coarse threads: whole pieces of work at once, one thread inside each."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

Item = TypeVar("Item")
Result = TypeVar("Result")


@contextmanager
def limit_torch_threads(threads: int) -> Iterator[None]:
    """Let torch use `threads` threads inside an operation, and what it used before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def map_in_order(
    work: Callable[[Item], Result], items: Iterable[Item], threads: int
) -> Iterator[Result]:
    """Yield work(item) in the order of the items, `threads` at a time.

    The items are drawn in the calling thread, so a file is read by one thread alone, and no more
    than `threads` + 1 of them are held.
    """
    with limit_torch_threads(1):
        if threads == 1:
            yield from map(work, items)
            return
        # A new thread takes over the number of threads that torch has been told last: one.
        with ThreadPoolExecutor(threads) as pool:
            pending: deque[Future[Result]] = deque()
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
