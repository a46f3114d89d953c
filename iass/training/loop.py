"""The one training loop, for every method that learns.

It counts steps and never seconds: on one CPU with one number of threads two runs give equal
bytes, and so does a run that was killed and resumed. What differs from run to run (time, memory,
machine) goes to cost.json alone.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from iass.foundation.device import choose_device
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file, hash_text, write_json
from iass.foundation.method import FitJob
from iass.models.saved import save_model
from iass.models.unet import count_parameters
from iass.training.checkpoint import Checkpoint, Point, copy_weights
from iass.training.data import TrainingData
from iass.training.monitor import Clock, Monitor, measure_cost, open_monitor
from iass.training.schedule import choose_schedule
from iass.training.seeds import seed_step, seeded
from iass.training.task import Task
from iass.training.validation import validate

COST = "cost.json"
_CHECKPOINT = "last.pt"
_CURVES = "tensorboard"


def train(job: FitJob, data: TrainingData, task: Task, options: Mapping[str, Any]) -> None:
    """Train `task.network` and write model.safetensors, model.json and cost.json to job.folder.

    Continues from the last checkpoint of the same training. UserError if the loss diverges.
    """
    run = _Run(job, data, task, options)
    with (
        seeded(job.seed),
        open_monitor(
            job.checkpoints / _CURVES,
            f"{job.target} seed {job.seed}",
            run.schedule.steps,
            run.progress.step,
        ) as monitor,
    ):
        while not run.is_over():
            run.take_step()
            monitor.show_step(run.progress.step)
            if run.schedule.is_report(run.progress.step):
                run.report(monitor)
    run.write()


class _Run:
    """The state of one training."""

    def __init__(
        self, job: FitJob, data: TrainingData, task: Task, options: Mapping[str, Any]
    ) -> None:
        self.job, self.data, self.task, self.options = job, data, task, options
        self.schedule = choose_schedule(job.settings, data.sampler.steps_per_epoch)
        self.device = choose_device()
        task.network.to(self.device).train()
        self.optimiser = _build_optimiser(task, job)
        self.checkpoint = Checkpoint(job.checkpoints / _CHECKPOINT, _identify(job, options))
        self.progress, self.best = self.checkpoint.load(task.network, self.optimiser)
        self.losses = _LossMeans()
        self.clock = Clock()

    def is_over(self) -> bool:
        losses = self.progress.validation_losses
        return self.progress.step >= self.schedule.steps or self.schedule.is_over(losses)

    def take_step(self) -> None:
        """Draw a batch, compute the losses, move the weights."""
        step = self.progress.step
        seed_step(self.job.seed, step)
        for group in self.optimiser.param_groups:
            group["lr"] = self._learning_rate(step)
        parts = self.task.compute_losses(self.data.sampler.draw_batch(step).to(self.device))
        self.optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(parts.values())).sum())
        self.optimiser.step()
        self.losses.add(parts)
        self.progress.step = step + 1

    def report(self, monitor: Monitor) -> None:
        """Add a point to the curve; where it is time, validate and write a checkpoint."""
        parts = self.losses.take_means()
        step, training_loss = self.progress.step, sum(parts.values())
        _check_finite(training_loss, self.job, step)
        rate = self._learning_rate(step - 1)
        is_validation = self.schedule.is_validation(step)
        point = Point(step, training_loss, self._validate() if is_validation else None, rate)
        self.progress.curve.append(point)
        monitor.show_point(point, parts)
        if is_validation:
            self._save()

    def write(self) -> None:
        """Write the best model, what is known of it and what it cost; drop the checkpoint."""
        self.clock.add_to(self.progress)
        save_model(self.job.folder, self.best, self._describe())
        write_json(self.job.folder / COST, measure_cost(self.progress, self.device))
        self.checkpoint.path.unlink(missing_ok=True)

    def _learning_rate(self, step: int) -> float:
        return self.schedule.learning_rate(step, self.progress.validation_losses)

    def _validate(self) -> float:
        loss = validate(self.task, self.data.validation, self.job.channels, self.device)
        _check_finite(loss, self.job, self.progress.step)
        if loss < self.progress.best_loss:
            self.progress.best_loss, self.progress.best_step = loss, self.progress.step
            self.best = copy_weights(self.task.network)
        return loss

    def _save(self) -> None:
        self.clock.add_to(self.progress)
        self.checkpoint.save(self.task.network, self.optimiser, self.progress, self.best)

    def _describe(self) -> dict[str, Any]:
        return {
            "target": self.job.target,
            "channels": self.job.channels,
            "seed": self.job.seed,
            "rate_hz": self.data.sampler.rate_hz,
            "training_songs": len(self.data.sampler.targets),
            "options": dict(self.options),
            "settings": self.job.settings.model_dump(),
            "parameters": count_parameters(self.task.network),
            "best_step": self.progress.best_step,
            "best_validation_mse": self.progress.best_loss,
            "curve": [asdict(point) for point in self.progress.curve],
            "provenance": dict(self.job.provenance),
        }


class _LossMeans:
    """Means of the parts of the loss between two reports, summed on the device."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._count = 0

    def add(self, parts: Mapping[str, Tensor]) -> None:
        for name, value in parts.items():
            self._sums[name] = self._sums.get(name, torch.zeros_like(value)) + value.detach()
        self._count += 1

    def take_means(self) -> dict[str, float]:
        """Return the means and begin anew."""
        means = {name: float(value) / self._count for name, value in self._sums.items()}
        self._sums, self._count = {}, 0
        return means


def _build_optimiser(task: Task, job: FitJob) -> torch.optim.Adam:
    settings = job.settings
    return torch.optim.Adam(
        task.network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )


def _identify(job: FitJob, options: Mapping[str, Any]) -> str:
    """Return a hash of all that decides the outcome: a checkpoint of anything else is no use."""
    facts = [
        job.target,
        job.channels,
        job.seed,
        job.settings.model_dump(),
        dict(options),
        dict(job.provenance),
        hash_file(job.manifest),
        hash_file(job.labels),
    ]
    return hash_text(json.dumps(facts, sort_keys=True))


def _check_finite(loss: float, job: FitJob, step: int) -> None:
    if not math.isfinite(loss):
        raise UserError(
            f"Training of '{job.target}' for {job.folder} diverged before step {step}; lower "
            "train.learning_rate."
        )
