"""The way up: branches summed, activated and measured in one pass over blocks of frames."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor
from torch.autograd import Function
from torch.autograd.function import once_differentiable
from torch.nn import functional

from iass.models.unet.blocks import (
    SLOPE,
    Sums,
    block_rows,
    finish_statistics,
    is_blocked,
    pull_activation,
    tile,
)
from iass.models.unet.convolution import spread_rows


def join_activate(
    x: Tensor, rows: Tensor, beside: Tensor | None, bins: int, *, measured: bool
) -> tuple[Tensor, Tensor | None, Tensor | None]:
    """Return LeakyReLU(x + rows + beside) (batch, frames, bins, channels), its mean and variance.

    x may have more than `bins` bins: then the first is left out, and what exceeds `bins` after
    it. rows (1 to 3, bins, channels) are added to the first, the middle and the last frames.
    Mean and variance (biased, per channel) have gradients, and are None unless `measured`.
    """
    if is_blocked(x):
        return _JoinActivate.apply(  # type: ignore[no-any-return,no-untyped-call]
            x, rows.to(x.dtype), beside, bins, measured
        )
    first = int(x.shape[2] > bins)
    joined = x[:, :, first : first + bins] + spread_rows(rows, x.shape[1]).to(x.dtype)
    out = functional.leaky_relu(joined if beside is None else joined + beside, SLOPE)
    if not measured:
        return out, None, None
    wide = out.to(torch.promote_types(out.dtype, torch.float32))
    variance, mean = torch.var_mean(wide, dim=(0, 1, 2), correction=0)
    return out, mean, variance


class _JoinActivate(Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, rows: Tensor, beside: Tensor | None, bins: int, measured: bool
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        out = x.new_empty(*x.shape[:2], bins, x.shape[3])
        sums, constants = Sums(out), rows.flatten(1)
        sources, targets = _view(x, bins), _view(out, bins)
        others = None if beside is None else _view(beside, bins)
        for where, row in _place_blocks(out, len(rows)):
            target = targets[where]
            torch.add(sources[where], constants[row], out=target)
            if others is not None:
                target += others[where]
            functional.leaky_relu_(target, SLOPE)
            if measured:
                sums.add(target, target)
        mean, variance = finish_statistics(sums, out) if measured else (None, None)
        ctx.shape, ctx.is_joined = x.shape, beside is not None
        ctx.save_for_backward(out, rows, mean)
        return out, mean, variance

    @staticmethod
    @once_differentiable
    def backward(
        ctx: Any, above: Tensor, to_mean: Tensor, to_variance: Tensor
    ) -> tuple[Tensor | None, ...]:
        out, rows, mean = ctx.saved_tensors
        bins, above = out.shape[2], above.contiguous()
        below = _empty_outside(out.new_empty(ctx.shape), bins)
        beside = torch.empty_like(out) if ctx.is_joined else below
        slope, level = _pull_statistics(out, mean, to_mean, to_variance)
        scratch, to_rows = (
            out.new_empty(block_rows(out), len(slope)),
            torch.zeros_like(rows).flatten(1),
        )
        sources, gradients, targets, others = (
            _view(part, bins) for part in (out, above, beside, below)
        )
        for where, row in _place_blocks(out, len(rows)):
            source, target = sources[where], targets[where]
            gradient = torch.addcmul(level, source, slope, out=scratch[: len(source)])
            gradient += gradients[where]
            pull_activation(gradient, source, target)
            if ctx.is_joined:
                others[where] = target
            to_rows[row] += target.sum(dim=0)
        return below, to_rows.view_as(rows), beside if ctx.is_joined else None, None, None


def _pull_statistics(
    out: Tensor, mean: Tensor | None, to_mean: Tensor, to_variance: Tensor
) -> tuple[Tensor, Tensor]:
    """Return slope and level of the line that the statistics add to the gradient of `out`."""
    if mean is None:
        zeros = out.new_zeros(out.shape[2] * out.shape[3])
        return zeros, zeros
    count = out.numel() // out.shape[3]
    slope = 2 * to_variance / count
    return tile(slope, out), tile(to_mean / count - slope * mean, out)


def _place_blocks(x: Tensor, kinds: int) -> Iterator[tuple[tuple[int, slice], int]]:
    """Yield (batch, frames) of blocks of x and the kind of their frames: first, middle or last."""
    batch, frames, step = x.shape[0], x.shape[1], block_rows(x)
    edges = range(kinds + 1) if frames == kinds else (0, 1, frames - 1, frames)
    for index in range(batch):
        for kind in range(kinds):
            first, behind = edges[kind], edges[kind + 1]
            for start in range(first, behind, step):
                yield (index, slice(start, min(start + step, behind))), kind


def _view(x: Tensor, bins: int) -> Tensor:
    """View the bins that count as (batch, frames, bins * channels)."""
    first = int(x.shape[2] > bins)
    return x.view(*x.shape[:2], -1)[..., first * x.shape[3] : (first + bins) * x.shape[3]]


def _empty_outside(x: Tensor, bins: int) -> Tensor:
    """Write zeros into the bins of x that do not count."""
    if x.shape[2] > bins:
        x[:, :, 0] = 0
        x[:, :, 1 + bins :] = 0
    return x
