"""One step of one process: losses and gradients of its parts of the batch, then Adam."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager

import torch
from torch import Tensor

from iass.foundation.config import TrainSettings
from iass.training.buffers import BufferMeans
from iass.training.chunks import Batch
from iass.training.guard import LossGuard
from iass.training.seeds import seed_step
from iass.training.task import Task
from iass.training.team import Team


class Learner:
    """Takes steps. All processes of a team take them together and keep equal weights."""

    def __init__(
        self,
        task: Task,
        optimiser: torch.optim.Optimizer,
        settings: TrainSettings,
        guard: LossGuard,
        team: Team,
        seed: int,
    ) -> None:
        self._task, self._optimiser, self._settings = task, optimiser, settings
        self._guard, self._team, self._seed = guard, team, seed

    def take_step(self, step: int, rate: float, batches: Iterator[Batch]) -> dict[str, Tensor]:
        """Move the weights by the next parts of the batch; return the mean parts of the loss.

        `step` counts from 0. DivergedError if a loss is not finite.
        """
        for group in self._optimiser.param_groups:
            group["lr"] = rate
        self._optimiser.zero_grad()
        buffers = BufferMeans(self._task.network) if self._settings.parts > 1 else None
        losses = []
        for turn in range(self._settings.accumulate):
            losses.append(self._learn_part(step, turn, next(batches)))
            if buffers:
                buffers.add_part()
        return self._finish(step, _average(losses), buffers)

    def _learn_part(self, step: int, turn: int, batch: Batch) -> dict[str, Tensor]:
        part = turn * self._team.size + self._team.rank
        seed_step(self._seed, step, part)
        with choose_precision(self._settings, batch.mixture.device):
            parts = self._task.compute_losses(batch)
        total = torch.stack(list(parts.values())).sum()
        self._guard.note(part, total)
        torch.autograd.backward(total / self._settings.accumulate)
        return {name: value.detach() for name, value in parts.items()}

    def _finish(
        self, step: int, losses: dict[str, Tensor], buffers: BufferMeans | None
    ) -> dict[str, Tensor]:
        gradients = [p.grad for p in self._task.network.parameters() if p.grad is not None]
        moves = buffers.take_means() if buffers else []
        self._team.average([*gradients, *moves, *losses.values(), self._guard.marks])
        self._guard.end_step(step)
        if buffers:
            buffers.apply()
        self._optimiser.step()
        return losses


def choose_precision(
    settings: TrainSettings, device: torch.device
) -> AbstractContextManager[object]:
    """Return the context that a network computes in; torch keeps STFT and losses in float32."""
    is_half = settings.precision == "bf16"
    return torch.autocast(device.type, torch.bfloat16, enabled=is_half)


def _average(losses: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    return {name: torch.stack([parts[name] for parts in losses]).mean() for name in losses[0]}
