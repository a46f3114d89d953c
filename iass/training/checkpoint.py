"""Checkpoints: all that a killed training needs to go on as if nothing had happened.

The file is named by the identity of its training, so that other settings, data or code find none of
their own and leave it alone. No random state is in it: chunks and dropout follow from the seed and
the step alone.
"""

import math
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from iass.foundation.errors import UserError
from iass.foundation.files import replace_file

Weights = dict[str, Tensor]

_NAME_LENGTH = 16  # digits of the identity in the file's name


@dataclass(frozen=True)
class Point:
    """One point of the learning curve: mean training loss since the last point; rate of Adam."""

    step: int
    training_loss: float
    validation_loss: float | None
    learning_rate: float


@dataclass
class Progress:
    """How far a training has come; `seconds` and what follows are for the record of its cost."""

    step: int = 0
    best_step: int = 0
    best_loss: float = math.inf
    curve: list[Point] = field(default_factory=list)
    seconds: float = 0.0
    waiting_seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def validation_losses(self) -> list[float]:
        """All validation losses so far, in order."""
        losses = (point.validation_loss for point in self.curve)
        return [loss for loss in losses if loss is not None]


@dataclass
class LossSums:
    """Sums of the parts of the loss since the last point of the curve, on the device."""

    sums: dict[str, Tensor] = field(default_factory=dict)
    count: int = 0

    def add(self, parts: Mapping[str, Tensor]) -> None:
        """Add the parts of one step."""
        for name, value in parts.items():
            self.sums[name] = self.sums.get(name, torch.zeros_like(value)) + value
        self.count += 1

    def means(self) -> dict[str, float]:
        """Return the means over the steps."""
        return {name: float(value) / self.count for name, value in self.sums.items()}

    def clear(self) -> None:
        """Begin anew."""
        self.sums, self.count = {}, 0


@dataclass
class State:
    """Everything that a step changes."""

    network: nn.Module
    optimiser: Optimizer
    progress: Progress
    losses: LossSums
    best: Weights


@dataclass(frozen=True)
class Checkpoint:
    """One file in `folder`; `identity` says which training it belongs to."""

    folder: Path
    identity: str

    @property
    def name(self) -> str:
        """What the files of this training are called."""
        return self.identity[:_NAME_LENGTH]

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / f"{self.name}.pt"

    @property
    def finished(self) -> Path:
        """The file of a training that came to its end.

        It stays, since the model may be lost once more: Snakemake deletes the outputs of a job that
        outlived it. It gives the same model again, without a step.
        """
        return self.folder / f"{self.name}.finished"

    @property
    def verdict(self) -> Path:
        """The file that says why this training is not tried again."""
        return self.folder / f"{self.name}.diverged"

    def find_others(self) -> list[Path]:
        """Return the checkpoints of other trainings."""
        return sorted(path for path in self.folder.glob("*.pt") if path != self.path)

    def save(self, state: State) -> None:
        """Write everything, atomically, and on the disk itself before the old file goes."""
        content = {
            "identity": self.identity,
            "network": state.network.state_dict(),
            "optimiser": state.optimiser.state_dict(),
            "progress": asdict(state.progress),
            "losses": asdict(state.losses),
            "best": state.best,
        }
        with replace_file(self.path) as temporary, temporary.open("wb") as stream:
            torch.save(content, stream)
            stream.flush()
            os.fsync(stream.fileno())

    def finish(self) -> None:
        """Name the last checkpoint as finished, and drop the finished ones of other trainings."""
        if self.path.exists():
            self.path.replace(self.finished)
        for other in self.folder.glob("*.finished"):
            if other != self.finished:
                other.unlink()

    def load(self, state: State, device: torch.device) -> bool:
        """Fill the state and return True; without a file, return False.

        UserError if the file is damaged or belongs to another training.
        """
        path = next(filter(Path.exists, (self.path, self.finished)), None)
        if path is None:
            return False
        content = _read(path)
        if content.get("identity") != self.identity:
            raise UserError(
                f"{path} belongs to another training, in spite of its name; delete it or move "
                "it away, and the training starts anew."
            )
        try:
            _fill(state, content, device)
        except Exception as error:  # whatever a foreign content may raise
            raise _name_damage(path, error) from None
        return True


def copy_weights(network: nn.Module) -> Weights:
    """Return a copy of the weights and buffers, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def _read(path: Path) -> dict[str, Any]:
    """Return the content, read without running any code in it."""
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises half a dozen kinds for a damaged file
        raise _name_damage(path, error) from None
    return content if isinstance(content, dict) else {}


def _fill(state: State, content: Mapping[str, Any], device: torch.device) -> None:
    state.network.load_state_dict(content["network"])
    state.optimiser.load_state_dict(content["optimiser"])
    state.progress = Progress(**content["progress"])
    state.progress.curve = [Point(**point) for point in content["progress"]["curve"]]
    sums = {name: value.to(device) for name, value in content["losses"]["sums"].items()}
    state.losses = LossSums(sums, content["losses"]["count"])
    state.best = content["best"]


def _name_damage(path: Path, error: Exception) -> UserError:
    reason = str(error).splitlines()[0] if str(error) else type(error).__name__
    return UserError(
        f"{path} is damaged or no checkpoint ({reason:.160}); delete it, and the training starts "
        "anew."
    )
