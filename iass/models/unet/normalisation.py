"""Batch norm and LeakyReLU on the way down, in few passes over memory."""

from typing import Any

import torch
from torch import Tensor, distributed, nn
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.distributed.nn.functional import all_reduce
from torch.nn import functional

from iass.models.unet.blocks import (
    SLOPE,
    Sums,
    block_rows,
    finish_statistics,
    is_blocked,
    pull_activation,
    split_blocks,
    tile,
)
from iass.models.unet.convolution import join_thirds


def track_statistics(norm: nn.BatchNorm2d, mean: Tensor, variance: Tensor, count: int) -> None:
    """Move the running statistics towards a batch's, as torch does: the variance unbiased."""
    assert norm.running_mean is not None
    assert norm.running_var is not None
    assert norm.num_batches_tracked is not None
    assert norm.momentum is not None
    unbiased = variance.detach() * (count / max(count - 1, 1))
    norm.running_mean.lerp_(mean.detach().to(norm.running_mean.dtype), norm.momentum)
    norm.running_var.lerp_(unbiased.to(norm.running_var.dtype), norm.momentum)
    norm.num_batches_tracked.add_(1)


def share_statistics(mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor, int]:
    """Return mean and variance over the equal parts of all processes, and how many those are.

    Gradients pass between the processes, as through torch's SyncBatchNorm.
    """
    processes = distributed.get_world_size()
    both = torch.stack([mean, variance + mean.square()])
    mean, square = all_reduce(both) / processes  # type: ignore[no-untyped-call]
    return mean, square - mean.square(), processes


def normalise_activate(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    """Return LeakyReLU of the batch norm of x (batch, frames, bins, channels), in training."""
    if not is_blocked(x):
        return functional.leaky_relu(_normalise(x, norm), SLOPE)
    out, mean, variance = _NormaliseActivate.apply(  # type: ignore[no-untyped-call]
        x, norm.weight, norm.bias, norm.eps
    )
    track_statistics(norm, mean, variance, x.numel() // x.shape[-1])
    return torch.as_tensor(out)


def normalise_activate_step(
    x: Tensor, norm: nn.BatchNorm2d, matrix: Tensor, start: Tensor
) -> Tensor:
    """Return start plus the products of `matrix` with the thirds of `normalise_activate`.

    x (batch, frames, bins, channels), matrix (3 * channels, after) and start (batch, frames,
    bins // 3, after) give a tensor like start. The activated tensor is never in memory as a whole.
    """
    if not is_blocked(x):
        return start + join_thirds(functional.leaky_relu(_normalise(x, norm), SLOPE)) @ matrix
    out, mean, variance = _NormaliseActivateStep.apply(  # type: ignore[no-untyped-call]
        x, norm.weight, norm.bias, norm.eps, matrix, start
    )
    track_statistics(norm, mean, variance, x.numel() // x.shape[-1])
    return torch.as_tensor(out)


def _normalise(x: Tensor, norm: nn.BatchNorm2d) -> Tensor:
    return torch.as_tensor(norm(x.permute(0, 3, 1, 2))).permute(0, 2, 3, 1)


class _NormaliseActivate(Function):
    """(x, weight, bias, eps) to (activated, mean, variance); the last two have no gradient."""

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean, variance = _measure(x)
        norm = _Norm(weight, mean, variance, eps)
        scale, shift = norm.make_rows(bias, x)
        out = torch.empty_like(x)
        for source, target in zip(split_blocks(x), split_blocks(out), strict=True):
            _activate(source, scale, shift, target)
        ctx.norm = norm
        ctx.save_for_backward(x, out)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, out = ctx.saved_tensors
        below, sums = torch.empty_like(x), Sums(x)
        parts = (split_blocks(part) for part in (x, out, above.contiguous(), below))
        for source, activated, gradient, target in zip(*parts, strict=True):
            pull_activation(gradient, activated, target)
            sums.add(target, source)
        weight, bias = ctx.norm.finish_gradient(below, x, sums.take())
        return below, weight, bias, None


class _NormaliseActivateStep(Function):
    """The same with the product, never keeping the activated tensor."""

    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor,
        eps: float,
        matrix: Tensor,
        start: Tensor,
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean, variance = _measure(x)
        norm = _Norm(weight, mean, variance, eps)
        kept = start.shape[2] * len(matrix)  # what the step reads of a frame's row
        scale, shift = (row[:kept] for row in norm.make_rows(bias, x))
        out = torch.empty_like(start, memory_format=torch.contiguous_format)
        scratch = x.new_empty(block_rows(x), kept)
        step = len(scratch) * start.shape[2]
        begun, ended = (torch.split(part.flatten(0, 2), step) for part in (start, out))
        for source, first, target in zip(split_blocks(x), begun, ended, strict=True):
            rows = _activate(source[:, :kept], scale, shift, scratch[: len(source)])
            torch.addmm(first, rows.view(-1, len(matrix)), matrix, out=target)
        ctx.norm = norm
        ctx.save_for_backward(x, scale, shift, matrix)
        ctx.mark_non_differentiable(mean, variance)
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, above: Tensor, *_: Tensor) -> tuple[Tensor | None, ...]:
        x, scale, shift, matrix = ctx.saved_tensors
        above, kept = above.contiguous(), len(scale)
        below, sums = torch.empty_like(x), Sums(x)
        products = torch.zeros_like(matrix, dtype=torch.float64)
        scratch, pulled = (x.new_empty(block_rows(x), kept) for _ in range(2))
        gradients = torch.split(above.flatten(0, 2), len(scratch) * above.shape[2])
        for source, gradient, target in zip(
            split_blocks(x), gradients, split_blocks(below), strict=True
        ):
            rows = _activate(source[:, :kept], scale, shift, scratch[: len(source)])
            products += rows.view(-1, len(matrix)).T @ gradient
            back = pulled[: len(source)]
            torch.mm(gradient, matrix.T, out=back.view(-1, len(matrix)))
            pull_activation(back, rows, target[:, :kept])
            target[:, kept:] = 0
            sums.add(target, source)
        weight, bias = ctx.norm.finish_gradient(below, x, sums.take())
        return below, weight, bias, None, products.to(matrix.dtype), above


class _Norm:
    """The affine map of a batch norm whose statistics are its batch's."""

    def __init__(self, weight: Tensor, mean: Tensor, variance: Tensor, eps: float) -> None:
        self.weight, self.mean = weight.detach().double(), mean
        self.inverse = (variance + eps).rsqrt()

    def make_rows(self, bias: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return scale and shift for one frame's row (bins * channels,)."""
        scale = self.weight * self.inverse
        return tile(scale, x), tile(bias.detach().double() - self.mean * scale, x)

    def finish_gradient(
        self, below: Tensor, x: Tensor, sums: tuple[Tensor, Tensor]
    ) -> tuple[Tensor, Tensor]:
        """Turn the gradient below the activation into that below the norm, in place.

        Returns the gradients of weight and bias from the `sums` of the gradient and of its
        product with x.
        """
        bias, count = sums[0], x.numel() // x.shape[-1]
        weight = (sums[1] - self.mean * bias) * self.inverse
        scale = self.weight * self.inverse
        slope = -scale * self.inverse * weight / count
        level = -scale * bias / count - slope * self.mean
        scale, slope, level = (tile(values, x) for values in (scale, slope, level))
        scratch = x.new_empty(block_rows(x), scale.numel())
        for source, target in zip(split_blocks(x), split_blocks(below), strict=True):
            line = torch.addcmul(level, source, slope, out=scratch[: len(source)])
            torch.addcmul(line, target, scale, out=target)
        return weight.to(x.dtype), bias.to(x.dtype)


def _measure(x: Tensor) -> tuple[Tensor, Tensor]:
    """Return mean and biased variance per channel, float64.

    Squares are summed around the first frame's mean, so that float32 holds them at any level.
    """
    level, sums = x[0, 0].mean(dim=0), Sums(x)
    row, scratch = tile(level, x), x.new_empty(sums.scratch.shape)
    for block in split_blocks(x):
        centred = torch.sub(block, row, out=scratch[: len(block)])
        sums.add(centred, centred)
    mean, variance = finish_statistics(sums, x)
    return mean + level.double(), variance


def _activate(source: Tensor, scale: Tensor, shift: Tensor, out: Tensor) -> Tensor:
    torch.addcmul(shift, source, scale, out=out)
    return functional.leaky_relu_(out, SLOPE)
