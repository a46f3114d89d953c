"""What a person sees of a training: a progress bar and TensorBoard curves."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import Progress as Bar
from rich.progress import TaskID
from torch.utils.tensorboard import SummaryWriter

from iass.training.checkpoint import Point


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
    """Open curves in `folder` and a bar on stderr, which stays quiet unless it is a terminal.

    Points beyond step `done` are of a run that was lost: they are hidden, and come again.
    """
    console = Console(stderr=True)
    with (
        SummaryWriter(str(folder), purge_step=done + 1) as writer,
        Bar(console=console, disable=not sys.stderr.isatty(), transient=True) as bar,
    ):
        yield Monitor(writer, bar, bar.add_task(what, total=steps, completed=done), what)
