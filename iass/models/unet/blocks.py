"""Arithmetic on a CPU over blocks of frames that stay in the cache, and accurate sums.

Sums are float32 over the frames of one bin and float64 over the bins: torch's channels_last batch
norm, which sums in float32 throughout, is off in the third digit of gradients.
"""

from collections.abc import Iterator

import torch
from torch import Tensor

SLOPE = 0.01  # of LeakyReLU below zero (METHOD section 2)
_BLOCK = 2**17  # values; 0.5 MiB of float32: three such blocks fit into a core's cache


def is_blocked(x: Tensor) -> bool:
    """Whether the functions with blocks are for `x`: on a GPU torch's own kernels are faster."""
    return x.device.type == "cpu" and x.dtype in (torch.float32, torch.float64)


class Sums:
    """Sums over frames and bins of a and of a * b, given block by block, for tensors like x."""

    def __init__(self, x: Tensor) -> None:
        rows, width = block_rows(x), x.shape[2] * x.shape[3]
        self.channels = x.shape[3]
        self.scratch, self._ones = x.new_empty(rows, width), x.new_ones(1, rows)
        self._first, self._second = x.new_zeros(1, width), x.new_zeros(1, width)

    def add(self, a: Tensor, b: Tensor) -> None:
        """Add a block of a and one of b, both (frames, bins * channels)."""
        ones = self._ones[:, : len(a)]
        self._first.addmm_(ones, a)
        self._second.addmm_(ones, torch.mul(a, b, out=self.scratch[: len(a)]))

    def take(self) -> tuple[Tensor, Tensor]:
        """Return both sums (channels,), float64."""
        first, second = (row.view(-1, self.channels) for row in (self._first, self._second))
        return first.sum(dim=0, dtype=torch.float64), second.sum(dim=0, dtype=torch.float64)


def finish_statistics(sums: Sums, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance of x per channel, float64, from `sums` of x and x * x."""
    mean, square = (total / (x.numel() // x.shape[-1]) for total in sums.take())
    return mean, (square - mean.square()).clamp_(min=0)


def pull_activation(gradient: Tensor, activated: Tensor, out: Tensor) -> None:
    """Write the gradient below a LeakyReLU, whose result has its argument's sign."""
    torch.ops.aten.leaky_relu_backward.grad_input(gradient, activated, SLOPE, True, grad_input=out)


def block_rows(x: Tensor) -> int:
    """Return how many frames of (batch, frames, bins, channels) make a block."""
    return max(1, min(x.shape[0] * x.shape[1], _BLOCK // (x.shape[2] * x.shape[3])))


def split_blocks(x: Tensor) -> Iterator[Tensor]:
    """Yield a contiguous (batch, frames, bins, channels) as (frames, bins * channels)."""
    return iter(torch.split(x.view(-1, x.shape[2] * x.shape[3]), block_rows(x)))


def tile(values: Tensor, x: Tensor) -> Tensor:
    """Repeat values (channels,) for each bin of x."""
    return values.to(x.dtype).repeat(x.shape[2])
