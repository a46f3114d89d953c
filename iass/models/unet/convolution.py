"""Convolutions over (batch, frames, bins, channels): the layout in which steps are views.

Weights are (after, before, bins, frames), as the state_dict has them. In this layout torch runs
its channels_last kernels, a (3, 1) step is a matrix product of rows, and rows of (bins, channels)
are contiguous.
"""

import torch
from torch import Tensor
from torch.nn import functional

from iass.models.unet.shape import STEP


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Map (batch, frames, bins, before) to (batch, frames, bins, after), zero-padded by one."""
    kernel = weight.transpose(2, 3).contiguous(memory_format=torch.channels_last)
    out = functional.conv2d(x.permute(0, 3, 1, 2), kernel, bias, padding=1)
    return out.permute(0, 2, 3, 1).contiguous()


def flip_transposed(weight: Tensor) -> Tensor:
    """Return the ordinary weight of a transposed 3x3 convolution (before, after, 3, 3)."""
    return weight.transpose(0, 1).flip(2, 3)


def join_thirds(x: Tensor) -> Tensor:
    """View (batch, frames, bins, channels) as (batch, frames, bins // 3, 3 * channels)."""
    thirds = x.shape[2] // STEP
    whole = x if x.shape[2] == STEP * thirds else x[:, :, : STEP * thirds]
    return whole.reshape(*x.shape[:2], thirds, -1)


def join_taps(weight: Tensor) -> Tensor:
    """Return the matrix (taps * before, after) of a strided weight (after, before, taps, 1)."""
    return weight.squeeze(3).permute(2, 1, 0).flatten(0, 1)


def compose_up(up: Tensor, weight: Tensor) -> Tensor:
    """Return the weight (3 * after, before, 2, 3) of a step up followed by a 3x3 convolution.

    `up` (before, between, 3, 1) belongs to a transposed convolution of stride (3, 1), `weight`
    (after, between, 3, 3) to an ordinary one. Position j of the result holds the output rows
    3j - 1, 3j and 3j + 1: they depend on the input rows j - 1 and j alone, which spares a third
    of the products and the tensor in between.
    """
    spread = [functional.pad(weight, (0, 0, row + 1, 2 - row)) for row in range(STEP)]
    taps = torch.stack(spread)
    taps = taps.view(*taps.shape[:3], 2, STEP, taps.shape[4])
    composed = torch.einsum("saoprt,bor->sabpt", taps, up.squeeze(3))
    return composed.flatten(0, 1)


def raise_constant(up: Tensor, bias: Tensor, constant: Tensor, bins: int) -> Tensor:
    """Return (channels, bins) that a step up makes of one constant per channel."""
    rows = torch.einsum("b,bor->or", constant, up.squeeze(3)).repeat(1, bins // STEP)
    return functional.pad(rows, (0, bins % STEP)) + bias[:, None]


def sum_taps(weight: Tensor, column: Tensor, bias: Tensor) -> Tensor:
    """Return what each tap in time makes of an input that is `column` in every frame.

    weight (after, before, 3, 3) and column (before, bins) give (3, bins, after); the bias is in
    the middle tap, which every frame has.
    """
    flat = weight.permute(3, 0, 1, 2).flatten(0, 1)
    taps = functional.conv1d(column[None], flat, padding=1).view(3, len(weight), -1)
    return torch.stack((taps[0], taps[1] + bias[:, None], taps[2])).transpose(1, 2)


def place_taps(taps: Tensor, frames: int) -> Tensor:
    """Sum taps (3, ...) for the first, the middle and the last of `frames`: up to 3 rows."""
    before, here, after = taps
    kinds = [here + after, before + here + after, before + here]
    return torch.stack({1: [here], 2: kinds[::2]}.get(frames, kinds))


def spread_rows(rows: Tensor, frames: int) -> Tensor:
    """Repeat the middle one of up to three rows so that there is one for each frame."""
    if len(rows) == frames:
        return rows
    return torch.cat((rows[:1], rows[1:2].expand(frames - 2, *rows.shape[1:]), rows[2:]))
