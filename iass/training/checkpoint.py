"""Checkpoints: all that a killed training needs to go on as if nothing had happened."""

import math
import pickle
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from iass.foundation.errors import UserError
from iass.foundation.files import replace_file

Weights = dict[str, Tensor]


@dataclass(frozen=True)
class Point:
    """One point of the learning curve: mean training loss since the last point; rate of Adam."""

    step: int
    training_loss: float
    validation_loss: float | None
    learning_rate: float


@dataclass
class Progress:
    """How far a training has come. Chunks and dropout follow from the seed and the step alone."""

    step: int = 0
    best_step: int = 0
    best_loss: float = math.inf
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    curve: list[Point] = field(default_factory=list)

    @property
    def validation_losses(self) -> list[float]:
        """All validation losses so far, in order."""
        losses = (point.validation_loss for point in self.curve)
        return [loss for loss in losses if loss is not None]


@dataclass(frozen=True)
class Checkpoint:
    """One file. `identity` says which training it belongs to."""

    path: Path
    identity: str

    def save(
        self, network: nn.Module, optimiser: Optimizer, progress: Progress, best: Weights
    ) -> None:
        """Write everything, atomically."""
        content = {
            "identity": self.identity,
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "progress": asdict(progress),
            "best": best,
        }
        with replace_file(self.path) as temporary:
            torch.save(content, temporary)

    def load(self, network: nn.Module, optimiser: Optimizer) -> tuple[Progress, Weights]:
        """Fill network and optimiser; return progress and best weights.

        Without a checkpoint, or with that of a training on other data or settings, nothing is
        filled and the training begins anew. UserError if the file is damaged.
        """
        content = _read(self.path)
        if content.get("identity") != self.identity:
            return Progress(), copy_weights(network)
        network.load_state_dict(content["network"])
        optimiser.load_state_dict(content["optimiser"])
        progress = Progress(**content["progress"])
        progress.curve = [Point(**point) for point in content["progress"]["curve"]]
        return progress, content["best"]


def copy_weights(network: nn.Module) -> Weights:
    """Return a copy of the weights and buffers, on the CPU."""
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(
            f"{path} is damaged ({reason}); delete it, and the training starts anew."
        ) from None
    return content
