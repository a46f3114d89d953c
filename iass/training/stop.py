"""Stopping in good order: a signal lets the step end and a checkpoint be written."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from iass.foundation.errors import UserError

EXIT_CODE = 75  # EX_TEMPFAIL of sysexits.h: start it again, and it goes on
SIGNALS = (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)
"""SIGUSR1 is what clusters are asked to send before the time limit; Ctrl-C twice ends at once."""


class TrainingStoppedError(UserError):
    """The training left when asked to, with all that it needs to go on."""


class StopRequest:
    """Remembers a signal, or notices that the program which started the processes is gone."""

    def __init__(self, watched_parent: int | None = None) -> None:
        self._parent = watched_parent
        self.reason: str | None = None

    def remember(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: note it, and let the next Ctrl-C do what it usually does."""
        self.reason = signal.Signals(number).name
        if number == signal.SIGINT:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def is_made(self) -> bool:
        """Return whether the training should stop after this step."""
        if self._parent is not None and os.getppid() != self._parent:
            self.reason = "the end of its launcher"
        return self.reason is not None


@contextmanager
def watch_for_stop(*, watches_parent: bool) -> Iterator[StopRequest]:
    """Handle signals in the block; outside the main thread, where nobody can, none are.

    With `watches_parent` the end of the parent process counts as one.
    """
    request = StopRequest(os.getppid() if watches_parent else None)
    if threading.current_thread() is not threading.main_thread():
        yield request
        return
    before = {number: signal.signal(number, request.remember) for number in SIGNALS}
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
