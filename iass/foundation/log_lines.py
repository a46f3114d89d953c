"""How far a transfer is, as lines of a log file: for `tail -f`, where no bar can be drawn."""

import os
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.filesize import decimal

LINE_EVERY_S = 30.0
WORTH_A_LINE_S = 1.0  # what is over sooner leaves no line at the end


def is_log(stream: TextIO) -> bool:
    """Return whether a stream is a file on a disk, as after `2> log`; a pipe is none."""
    try:
        return stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
    except (OSError, ValueError):  # closed, or no real file: there is nobody to tell
        return False


@contextmanager
def log_bytes(what: str, total: int | None, stream: TextIO) -> Iterator[Callable[[int], None]]:
    """Yield a function that counts bytes and writes a line every LINE_EVERY_S and at the end.

    The first bytes that it is told of may have been there before: they give no rate.
    """
    meter = _Meter(what, total, stream)
    yield meter.advance
    meter.finish()


class _Meter:
    def __init__(self, what: str, total: int | None, stream: TextIO) -> None:
        self._what, self._total, self._stream = what, total, stream
        self._done = self._written = 0
        self._started_s = self._written_s = time.monotonic()

    def advance(self, count: int) -> None:
        now_s = time.monotonic()
        if self._done == 0:
            self._written, self._written_s = count, now_s
        self._done += count
        if now_s - self._written_s >= LINE_EVERY_S:
            rate = (self._done - self._written) / (now_s - self._written_s)
            self._write(self._describe(rate))
            self._written, self._written_s = self._done, now_s

    def finish(self) -> None:
        passed_s = time.monotonic() - self._started_s
        if passed_s >= WORTH_A_LINE_S:
            self._write(f"done after {format_duration(passed_s)}")

    def _describe(self, rate: float) -> str:
        """Return the rate, bytes per s, and how long the rest takes at it."""
        rest = None if self._total is None else self._total - self._done
        left = f", {format_duration(rest / rate)} left" if rest and rate else ""
        return f"{decimal(round(rate))}/s{left}"

    def _write(self, state: str) -> None:
        of = f" of {decimal(self._total)}" if self._total is not None else ""
        self._stream.write(f"{self._what}: {decimal(self._done)}{of}, {state}\n")
        self._stream.flush()


def format_duration(seconds: float) -> str:
    """Return a duration with the units that matter: 42 s, 27 min, 3 h 5 min."""
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
