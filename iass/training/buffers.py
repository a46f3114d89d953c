"""Running statistics (batch norm) of a step whose batch is computed in parts."""

import torch
from torch import Tensor, nn


class BufferMeans:
    """Lets a step move the buffers once, by the mean of what its parts would do.

    Every part starts from the buffers before the step. So parts computed one after the other and
    parts computed by several processes end alike, and momentum counts steps.
    """

    def __init__(self, network: nn.Module) -> None:
        self._buffers = list(network.buffers())
        self._before = [buffer.clone() for buffer in self._buffers]
        self._moves = [torch.zeros_like(buffer) for buffer in self._buffers]
        self._parts = 0

    def add_part(self) -> None:
        """Note how a part moved the buffers, and put them back."""
        for buffer, before, move in zip(self._buffers, self._before, self._moves, strict=True):
            if move.is_floating_point():
                move.add_(buffer - before)
            else:
                move.copy_(buffer - before)  # a counter of batches counts the step
            buffer.copy_(before)
        self._parts += 1

    def take_means(self) -> list[Tensor]:
        """Return the mean moves of this process's parts, for other processes to share."""
        means = [move for move in self._moves if move.is_floating_point()]
        for mean in means:
            mean.div_(self._parts)
        return means

    def apply(self) -> None:
        """Move the buffers."""
        for buffer, move in zip(self._buffers, self._moves, strict=True):
            buffer.add_(move)
