"""The guard against a loss that is no number: it names the step and the songs, before harm is kept.

On a GPU a look at the loss would wait for it, so that the look comes every so many steps and before
anything is saved; what was bad first is remembered on the device. By then the loss of one process
has spoilt the weights of all: they tell each other at every step, and name the same one.
"""

import torch
from torch import Tensor, nn

from iass.training.chunks import ChunkSampler
from iass.training.places import Place
from iass.training.verdict import DivergedError

_LOOK_EVERY = 50  # steps, on a GPU


class LossGuard:
    """Watches the losses of one training.

    `marks`, a number per part of a step, is above 0 where the loss is not finite; between `note`
    and `end_step` the processes of a team average it.
    """

    def __init__(self, sampler: ChunkSampler, what: str, device: torch.device) -> None:
        self._sampler, self._what = sampler, what
        self._every = _LOOK_EVERY if device.type == "cuda" else 1
        self._first_bad = torch.full((), -1, dtype=torch.int64, device=device)
        self.marks = torch.zeros(sampler.settings.parts, device=device)

    def note(self, part: int, loss: Tensor) -> None:
        """Mark a part of the step if its loss is not finite."""
        self.marks[part] = ~torch.isfinite(loss.detach())

    def end_step(self, step: int) -> None:
        """Remember the first part that is marked, if it is the first of all; now and then, look."""
        index = step * len(self.marks) + self.marks.argmax()
        is_first = (self._first_bad < 0) & self.marks.any()
        self._first_bad = torch.where(is_first, index, self._first_bad)
        self.marks.zero_()
        if step % self._every == 0:
            self.look()

    def look(self) -> None:
        """DivergedError if a loss was not finite; it names the chunks, and the step, from 0."""
        bad = int(self._first_bad)
        if bad >= 0:
            step, part = divmod(bad, self._sampler.settings.parts)
            places = self._sampler.list_places(step, part, self._sampler.settings.parts)
            chunks = ", ".join(_name(place, self._sampler.rate_hz) for place in places)
            raise DivergedError(
                f"The training of {self._what} diverged: the loss of step {step} is not finite "
                f"(chunks: {chunks}); lower train.learning_rate, or look for a fault in these "
                "songs. The last checkpoint stays."
            )

    def check_weights(self, network: nn.Module, step: int) -> None:
        """DivergedError if a weight is not finite after so many steps, though every loss was."""
        if not all(bool(value.isfinite().all()) for value in network.state_dict().values()):
            raise DivergedError(
                f"The training of {self._what} diverged: a weight is not finite after {step} steps;"
                " lower train.learning_rate. The last checkpoint stays."
            )


def _name(place: Place, rate_hz: int) -> str:
    return f"{place.song.id} at {place.start / rate_hz:.2f} s"
