"""What a method hands to the training loop."""

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from iass.foundation.stft import Stft
from iass.training.chunks import Batch


class Task(Protocol):
    """A network with its objective."""

    @property
    def network(self) -> nn.Module:
        """The network to train, in place."""

    @property
    def stft(self) -> Stft:
        """The transform of its magnitudes."""

    def compute_losses(self, batch: Batch) -> Mapping[str, Tensor]:
        """Return the weighted parts of the loss, scalars; their sum is minimised."""

    def estimate_magnitude(self, magnitude: Tensor) -> Tensor:
        """Return the target's magnitude for a mixture's (batch, channels, bins, frames)."""


@runtime_checkable
class Local(Protocol):
    """A task whose network, in evaluation, sees a limited time: an attribute more than `Task`."""

    @property
    def context_frames(self) -> int | None:
        """Frames to either side that an estimated frame depends on; None: all of the song."""
