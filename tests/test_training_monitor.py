"""The curves in TensorBoard, read back from the event files."""

from collections.abc import Iterable
from pathlib import Path

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from iass.training.checkpoint import Point
from iass.training.monitor import open_monitor


def draw(folder: Path, done: int, steps: Iterable[int], loss: float) -> None:
    """Draw points with a loss as a training does that goes on after `done` steps."""
    with open_monitor(folder, "bass", 6, done) as monitor:
        for step in steps:
            monitor.show_point(Point(step, loss, loss, 0.1), {})


def read_points(folder: Path) -> list[tuple[int, float]]:
    found = EventAccumulator(str(folder))
    found.Reload()
    return [(event.step, event.value) for event in found.Scalars("validation/mse")]


def test_a_resumed_training_keeps_the_points_up_to_its_checkpoint_and_redraws_the_others(
    tmp_path: Path,
) -> None:
    draw(tmp_path, 0, (1, 2, 3, 4), 1.0)
    draw(tmp_path, 3, (4, 5), 2.0)  # the checkpoint of step 3 was the last
    assert read_points(tmp_path) == [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2)]


def test_a_training_that_starts_anew_shows_none_of_the_old_points(tmp_path: Path) -> None:
    draw(tmp_path, 0, (1, 2), 1.0)
    draw(tmp_path, 0, (1,), 2.0)
    assert read_points(tmp_path) == [(1, 2)]
