"""Learning rate, validation times and the end of a training, as functions of the step alone.

A schedule has no state: it reads the losses of the validations so far, so that a resumed training
continues as if it had never stopped.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from iass.foundation.config import TrainSettings

_THRESHOLD = 1e-4  # relative gain that counts, as in torch's ReduceLROnPlateau
_REPORTS = 40  # points of the curve of a training with a fixed number of steps


class Schedule(Protocol):
    """When to do what; `losses` are the validation losses so far."""

    @property
    def steps(self) -> int:
        """Most steps of the training."""

    def is_report(self, step: int) -> bool:
        """Whether the curve gets a point after `step` steps."""

    def is_validation(self, step: int) -> bool:
        """Whether whole songs are validated after `step` steps; if so, is_report too."""

    def learning_rate(self, step: int, losses: Sequence[float]) -> float:
        """Return the rate of step `step`, counted from 0."""

    def is_over(self, losses: Sequence[float]) -> bool:
        """Whether early stopping ends the training."""


def choose_schedule(settings: TrainSettings, steps_per_epoch: int) -> Schedule:
    """Return the schedule that the settings ask for."""
    if settings.schedule == "plateau":
        return Plateau(settings, steps_per_epoch)
    return WarmupCosine(settings)


@dataclass(frozen=True)
class WarmupCosine:
    """A linear rise, then half a cosine down to zero (DEMO, settings)."""

    settings: TrainSettings

    @property
    def steps(self) -> int:
        """The fixed number of steps."""
        return self.settings.steps

    def is_report(self, step: int) -> bool:
        """Some forty times, and at each validation."""
        return step % max(1, self.steps // _REPORTS) == 0 or self.is_validation(step)

    def is_validation(self, step: int) -> bool:
        """Every `validate_every` steps and at the end."""
        return step % self.settings.validate_every == 0 or step == self.steps

    def learning_rate(self, step: int, losses: Sequence[float]) -> float:
        """Return the rate of step `step`, counted from 0."""
        rising = max(1, round(self.settings.warmup * self.steps))
        if step < rising:
            return self.settings.learning_rate * (step + 1) / rising
        falling = (step - rising) / max(1, self.steps - rising)
        return self.settings.learning_rate * 0.5 * (1 + math.cos(math.pi * falling))

    def is_over(self, losses: Sequence[float]) -> bool:
        """Never before the last step."""
        return False


@dataclass(frozen=True)
class Plateau:
    """Epochs; the rate falls and the training ends when validation stops improving (METHOD 2)."""

    settings: TrainSettings
    steps_per_epoch: int

    @property
    def steps(self) -> int:
        """The steps of all epochs, if nothing stops it."""
        return self.settings.epochs * self.steps_per_epoch

    def is_report(self, step: int) -> bool:
        """After each epoch."""
        return step % self.steps_per_epoch == 0

    def is_validation(self, step: int) -> bool:
        """Every `validate_every` epochs and at the end."""
        return step % (self.settings.validate_every * self.steps_per_epoch) == 0 or (
            step == self.steps
        )

    def learning_rate(self, step: int, losses: Sequence[float]) -> float:
        """Return the rate, which validations decide alone."""
        patience = self._in_validations(self.settings.lr_patience)
        cooldown = self.settings.lr_cooldown // self.settings.validate_every
        drops = count_drops(losses, patience, cooldown)
        return self.settings.learning_rate * self.settings.lr_gamma**drops

    def is_over(self, losses: Sequence[float]) -> bool:
        """After `patience` epochs without a new best validation."""
        if not losses:
            return False
        since_best = len(losses) - 1 - losses.index(min(losses))
        return since_best >= self._in_validations(self.settings.patience)

    def _in_validations(self, epochs: int) -> int:
        return max(1, epochs // self.settings.validate_every)


def count_drops(losses: Sequence[float], patience: int, cooldown: int) -> int:
    """Return how often ReduceLROnPlateau has lowered the rate after these losses."""
    best, waited, drops, rest = math.inf, 0, 0, 0
    for loss in losses:
        improved = loss < best * (1 - _THRESHOLD)
        best = loss if improved else best
        waited = 0 if improved or rest else waited + 1
        rest = max(0, rest - 1)
        if waited > patience:
            waited, drops, rest = 0, drops + 1, cooldown
    return drops
