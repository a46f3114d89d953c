"""The one training loop, for every method that learns.

It counts steps and never seconds: on one CPU with one number of threads two runs give equal
bytes, and so does a run that was killed and resumed. What differs from run to run (time, memory,
machine) goes to cost.json alone.
"""

import json
import math
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from typing import Any

import torch

from iass.foundation.device import choose_device
from iass.foundation.files import hash_file, hash_text, write_json
from iass.foundation.method import FitJob
from iass.models.saved import save_model
from iass.models.unet import count_parameters
from iass.training.checkpoint import Checkpoint, LossSums, Point, Progress, State, copy_weights
from iass.training.chunks import Batch
from iass.training.cost import Clock, measure_cost
from iass.training.curve import write_curve
from iass.training.data import TrainingData
from iass.training.guard import LossGuard
from iass.training.hardware import move_data, prepare_network
from iass.training.learner import Learner
from iass.training.loader import Shares, WorkerLostError, choose_workers, open_batches
from iass.training.monitor import Monitor, open_monitor
from iass.training.schedule import choose_schedule
from iass.training.seeds import seeded
from iass.training.stop import StopRequest, TrainingStoppedError, watch_for_stop
from iass.training.task import Task
from iass.training.team import Team, join_team
from iass.training.validation import Validator
from iass.training.verdict import DivergedError, keep_verdict

COST = "cost.json"
CURVE = "curve.csv"
_TENSORBOARD = "tensorboard"


def train(job: FitJob, data: TrainingData, task: Task, options: Mapping[str, Any]) -> None:
    """Train `task.network` and write model.safetensors, model.json and cost.json to job.folder.

    Continues from the last checkpoint of the same training. DivergedError if the loss diverges, or
    has done so before; TrainingStoppedError after a signal, once the step is done and a checkpoint
    written.
    """
    processes = job.settings.processes
    device = choose_device(needs_own=processes > 1)
    checkpoint = Checkpoint(job.checkpoints, _identify(job, options))
    with (
        keep_verdict(checkpoint.verdict),
        join_team(processes, device) as team,
        watch_for_stop(watches_parent=processes > 1) as stop,
        seeded(job.seed),
    ):
        run = _Run(job, data, task, options, checkpoint, team, stop, device)
        run.resume()
        try:
            with run.open() as (batches, monitor):
                while not run.is_over():
                    run.advance(batches, monitor)
        except WorkerLostError:
            if stop.is_made():  # the signal went to the workers as well
                run.leave()
            raise
        run.write()


class _Run:
    """The state of one training, and what happens when."""

    def __init__(
        self,
        job: FitJob,
        data: TrainingData,
        task: Task,
        options: Mapping[str, Any],
        checkpoint: Checkpoint,
        team: Team,
        stop: StopRequest,
        device: torch.device,
    ) -> None:
        settings = job.settings
        prepare_network(task.network, settings, device)
        self.job, self.task, self.options, self.checkpoint = job, task, options, checkpoint
        self.team, self.stop, self.device = team, stop, device
        self.data = move_data(data, settings, device) if settings.data_on_device else data
        self.schedule = choose_schedule(settings, data.sampler.steps_per_epoch)
        self.state = _begin(task, job)
        self.guard = LossGuard(data.sampler, f"'{job.target}' for {job.folder}", device)
        self.learner = Learner(task, self.state.optimiser, settings, self.guard, team, job.seed)
        self.clock, self.saved = Clock(), time.monotonic()

    @property
    def progress(self) -> Progress:
        return self.state.progress

    def resume(self) -> None:
        """Go on from the checkpoint, if there is one, with equal weights everywhere; say so."""
        is_resumed = self.checkpoint.load(self.state, self.device)
        self.team.copy_first(self.task.network)
        if self.team.is_first:
            others = [] if is_resumed else self.checkpoint.find_others()
            sys.stderr.write(self._describe_start())
            for path in others:
                sys.stderr.write(f"iass: {path} is of other settings, data or code; it stays.\n")

    @contextmanager
    def open(self) -> Iterator[tuple[Iterator[Batch], Monitor | None]]:
        """Open the batches that are left, and for the first process what a person sees."""
        settings, done = self.job.settings, self.progress.step
        shares = Shares(self.data.sampler, self.team.rank, self.team.size)
        workers = choose_workers(settings.workers, self.device, is_resident=settings.data_on_device)
        steps = range(done, self.schedule.steps)
        with ExitStack() as stack:
            monitor = stack.enter_context(self._open_monitor()) if self.team.is_first else None
            batches = stack.enter_context(open_batches(shares, steps, workers, self.device))
            yield self.clock.watch(batches), monitor

    def is_over(self) -> bool:
        """Whether no step and no report is left."""
        is_last = self.progress.step >= self.schedule.steps
        over = is_last or self.schedule.is_over(self.progress.validation_losses)
        return over and not self._owes_report()

    def advance(self, batches: Iterator[Batch], monitor: Monitor | None) -> None:
        """Take a step, or the report that a stopped run owed; save and stop where it is time."""
        if not self._owes_report():
            self._take_step(batches)
        if monitor:
            monitor.show_step(self.progress.step)
        if self._owes_report():
            self._report(monitor)
        minutes = (time.monotonic() - self.saved) / 60
        if minutes >= self.job.settings.checkpoint_minutes:
            self._save()
        if self.team.agree(self.stop.is_made()) and not self.is_over():
            self.leave()

    def leave(self) -> None:
        """Save, and end the training with a sentence."""
        self._save()
        raise TrainingStoppedError(
            f"Training stopped after step {self.progress.step} of {self.schedule.steps} by "
            f"{self.stop.reason or 'another of its processes'}; start it again, and it continues "
            f"from {self.checkpoint.path}."
        )

    def write(self) -> None:
        """Write the best model, what is known of it and what it cost."""
        if not self.team.is_first:
            return
        self.clock.add_to(self.progress)
        folder = self.job.folder
        save_model(folder, self.state.best, self._describe())
        write_curve(folder / CURVE, self.progress.curve)
        write_json(folder / COST, measure_cost(self.progress, self.job.settings, self.device))
        self.checkpoint.finish()

    def _take_step(self, batches: Iterator[Batch]) -> None:
        step = self.progress.step
        parts = self.learner.take_step(step, self._learning_rate(step), batches)
        self.state.losses.add(parts)
        self.progress.step = step + 1

    def _owes_report(self) -> bool:
        step, curve = self.progress.step, self.progress.curve
        is_told = step == (curve[-1].step if curve else 0)
        return not is_told and self.schedule.is_report(step)

    def _report(self, monitor: Monitor | None) -> None:
        """Add a point to the curve; where it is time, validate and write a checkpoint."""
        self.guard.look()
        step = self.progress.step
        is_validation = self.schedule.is_validation(step)
        validation_loss = self._validate() if is_validation else None
        if is_validation and validation_loss is None:
            return  # asked to stop: the next run validates
        parts = self.state.losses.means()
        self.state.losses.clear()
        rate = self._learning_rate(step - 1)
        point = Point(step, sum(parts.values()), validation_loss, rate)
        self.progress.curve.append(point)
        if monitor:
            monitor.show_point(point, parts)
            write_curve(self.job.checkpoints / f"{self.checkpoint.name}.csv", self.progress.curve)
        if is_validation:
            self._save()

    def _validate(self) -> float | None:
        validator = Validator(
            self.data.validation,
            self.job.channels,
            self.device,
            _count_samples(self.job.settings.validation_s, self.data.sampler.rate_hz),
            self.team,
        )
        with torch.compiler.set_stance("force_eager"):  # every song has a length of its own
            loss = validator.measure(self.task, self.stop.is_made)
        if loss is None:
            return None
        if not math.isfinite(loss):
            self.guard.check_weights(self.task.network, self.progress.step)
            raise DivergedError(
                f"The validation loss of '{self.job.target}' for {self.job.folder} is not finite "
                f"after {self.progress.step} steps; lower train.learning_rate."
            )
        if loss < self.progress.best_loss:
            self.progress.best_loss, self.progress.best_step = loss, self.progress.step
            self.state.best = copy_weights(self.task.network)
        return loss

    def _save(self) -> None:
        self.saved = time.monotonic()
        self.guard.look()
        self.guard.check_weights(self.task.network, self.progress.step)
        self.clock.add_to(self.progress)
        if self.team.is_first:
            self.checkpoint.save(self.state)

    def _open_monitor(self) -> Any:
        return open_monitor(
            self.job.checkpoints / _TENSORBOARD / self.checkpoint.name,
            f"{self.job.target} seed {self.job.seed}",
            self.schedule.steps,
            self.progress.step,
        )

    def _learning_rate(self, step: int) -> float:
        return self.schedule.learning_rate(step, self.progress.validation_losses)

    def _describe_start(self) -> str:
        step, most = self.progress.step, self.schedule.steps
        if self.is_over():
            return (
                f"iass: the training ended after step {step}, and {self.checkpoint.folder} has its "
                "model: it is written again.\n"
            )
        begins = "begins" if step == 0 else f"continues after step {step}"
        return f"iass: the training {begins}, {most} steps at most.\n"

    def _describe(self) -> dict[str, Any]:
        return {
            "target": self.job.target,
            "channels": self.job.channels,
            "seed": self.job.seed,
            "rate_hz": self.data.sampler.rate_hz,
            "training_songs": len(self.data.sampler.targets),
            "options": dict(self.options),
            "settings": self.job.settings.outcome(),
            "parameters": count_parameters(self.task.network),
            "best_step": self.progress.best_step,
            "best_validation_mse": self.progress.best_loss,
            "curve": [asdict(point) for point in self.progress.curve],
            "provenance": dict(self.job.provenance),
        }


def _begin(task: Task, job: FitJob) -> State:
    settings = job.settings
    optimiser = torch.optim.Adam(
        task.network.parameters(), settings.learning_rate, weight_decay=settings.weight_decay
    )
    return State(task.network, optimiser, Progress(), LossSums(), copy_weights(task.network))


def _identify(job: FitJob, options: Mapping[str, Any]) -> str:
    """Return a hash of all that decides the outcome: a checkpoint of anything else is no use."""
    facts = [
        job.target,
        job.channels,
        job.seed,
        job.settings.outcome(),
        dict(options),
        dict(job.provenance),
        hash_file(job.manifest),
        hash_file(job.labels),
    ]
    return hash_text(json.dumps(facts, sort_keys=True))


def _count_samples(seconds: float | None, rate_hz: int) -> int | None:
    return None if seconds is None else max(1, round(seconds * rate_hz))
