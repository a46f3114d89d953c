"""A step of the way up, with the batch norm in front of it folded into its weights.

Both in training and after it: on the way up a batch norm is followed by convolutions alone, so it
costs nothing but its statistics. Weights are composed in full precision, also under autocast.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from iass.models.unet.convolution import (
    compose_up,
    convolve,
    flip_transposed,
    place_taps,
    raise_constant,
    spread_rows,
    sum_taps,
)
from iass.models.unet.joining import join_activate


@dataclass(frozen=True)
class Affine:
    """scale * x + shift, per channel."""

    scale: Tensor
    shift: Tensor


def join_norm(norm: nn.BatchNorm2d, mean: Tensor | None, variance: Tensor | None) -> Affine:
    """Return what a batch norm does to values of this mean and (biased) variance."""
    assert mean is not None
    assert variance is not None
    inverse = (variance + norm.eps).rsqrt()
    scale = norm.weight.to(inverse.dtype) * inverse
    shift = norm.bias.to(inverse.dtype) - mean * scale
    return Affine(scale.to(norm.weight.dtype), shift.to(norm.weight.dtype))


def join_running(norm: nn.BatchNorm2d) -> Affine:
    """Return what a batch norm does outside training."""
    mean, variance = norm.running_mean, norm.running_var
    assert mean is not None
    assert variance is not None
    return join_norm(norm, mean.double(), variance.double())


@dataclass(frozen=True)
class Rise:
    """Weights of a 3x3 convolution, perhaps behind a step up and beside another branch.

    `taps` (3, bins, after) is what the constants in front of it add to a frame: see `sum_taps`.
    """

    kernel: Tensor
    taps: Tensor
    beside: Tensor | None = None

    def convolve(self, x: Tensor) -> Tensor:
        """Return (batch, frames, bins, after), with bins to spare behind a step up."""
        return convolve(x, self.kernel).reshape(*x.shape[:2], -1, self.taps.shape[2])

    def run(
        self, x: Tensor, beside: Tensor | None = None, *, measured: bool = False
    ) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """Return the activated sum (batch, frames, bins, after) and, if asked, its statistics."""
        other = None if self.beside is None or beside is None else convolve(beside, self.beside)
        rows = place_taps(self.taps, x.shape[1])
        return join_activate(self.convolve(x), rows, other, self.taps.shape[1], measured=measured)

    def run_last(self, x: Tensor) -> Tensor:
        """Return the only channel (batch, frames, bins), not activated."""
        rows = spread_rows(place_taps(self.taps, x.shape[1]), x.shape[1])
        return self.convolve(x)[..., 0] + rows[..., 0]


def prepare_up(
    up: nn.ConvTranspose2d, narrow: nn.ConvTranspose2d, affine: Affine | None, bins: int
) -> Rise:
    """Return a step up to `bins` and the 3x3 convolution behind it, for an input under `affine`.

    The convolution's further channels are those of the branch beside.
    """
    assert up.bias is not None
    assert narrow.bias is not None
    with torch.autocast(up.weight.device.type, enabled=False):
        weight = flip_transposed(narrow.weight)
        between, beside = weight[:, : len(up.bias)], weight[:, len(up.bias) :]
        step, shift = _scale_step(up.weight, affine)
        column = raise_constant(up.weight, up.bias, shift, bins)
        taps = sum_taps(between, column, narrow.bias)
        return Rise(compose_up(step, between), taps, beside if beside.shape[1] else None)


def prepare_finish(convolution: nn.ConvTranspose2d, affine: Affine, bins: int) -> Rise:
    """Return a transposed 3x3 convolution for an input under `affine`."""
    assert convolution.bias is not None
    with torch.autocast(convolution.weight.device.type, enabled=False):
        weight = flip_transposed(convolution.weight)
        column = affine.shift[:, None].expand(-1, bins)
        taps = sum_taps(weight, column, convolution.bias)
        return Rise(weight * affine.scale[:, None, None], taps)


def _scale_step(weight: Tensor, affine: Affine | None) -> tuple[Tensor, Tensor]:
    if affine is None:
        return weight, weight.new_zeros(len(weight))
    return weight * affine.scale[:, None, None, None], affine.shift
