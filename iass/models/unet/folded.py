"""The network outside training: batch norms folded, the activity classifier one affine map."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from iass.models.unet.blocks import SLOPE
from iass.models.unet.convolution import convolve, join_taps, join_thirds
from iass.models.unet.parts import ActivityClassifier, ResidualBlock, UpBlock
from iass.models.unet.rising import Affine, Rise, join_running, prepare_finish, prepare_up
from iass.models.unet.shape import STEP

Pair = tuple[Tensor, Tensor]
"""Weight and bias."""


@dataclass(frozen=True)
class FoldedBlock:
    """Weights of a residual block: two convolutions, the step down and the branch beside it."""

    first: Pair
    second: Pair
    down: Tensor
    beside: Pair

    def run(self, x: Tensor) -> Tensor:
        """Map (batch, frames, bins, before) to (batch, frames, bins // 3, width)."""
        start = functional.linear(join_thirds(x), *self.beside)
        for pair in (self.first, self.second):
            x = functional.leaky_relu_(convolve(x, *pair), SLOPE)
        rows = join_thirds(x).flatten(0, 1)
        matrix = self.down.expand(len(rows), *self.down.shape)
        return torch.baddbmm(start.flatten(0, 1), rows, matrix).view_as(start)


@dataclass(frozen=True)
class FoldedUNet:
    """A network that only separates: see `UNet.fold`.

    A frame of the mask depends on 12 frames to either side (for three levels), one of the
    activity on 6: long songs can go through in blocks.
    """

    input_mean: Tensor
    input_scale: Tensor
    encoder: tuple[FoldedBlock, ...]
    skips: tuple[Pair, ...]
    classifier: Pair
    rises: tuple[Rise, ...]
    last: Pair

    def __call__(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        """Map a magnitude (batch, 1, bins, frames) to a mask of that shape and activity logits."""
        cropped = magnitude[:, 0, : len(self.input_mean)].transpose(1, 2)
        x = ((cropped - self.input_mean) / self.input_scale)[..., None]
        outputs = []
        for block in self.encoder:
            x = block.run(x)
            outputs.append(x)
        logits = functional.linear(x.flatten(2), *self.classifier)[..., 0]
        widened = functional.linear(self._rise(x, outputs[:-1]), *self.last)
        return torch.relu_(widened).transpose(1, 2)[:, None], logits

    def _rise(self, x: Tensor, outputs: list[Tensor]) -> Tensor:
        for rise in self.rises[:-1]:
            skipped = None
            if rise.beside is not None:
                skipped = convolve(outputs.pop(), *self.skips[len(outputs)])
            x, _, _ = rise.run(x, skipped)
        return self.rises[-1].run_last(x)


def fold_block(block: ResidualBlock) -> FoldedBlock:
    """Compose a residual block's weights."""
    first, second = block.pairs
    return FoldedBlock(
        _fold_norm(*first),
        _fold_norm(*second),
        join_taps(block.down.weight),
        block.compose_residual(),
    )


def fold_rises(blocks: Iterable[UpBlock]) -> tuple[Rise, ...]:
    """Compose the weights of the way up: two convolutions for each block."""
    rises: list[Rise] = []
    affine: Affine | None = None
    for block in blocks:
        rises.append(prepare_up(block.up, block.narrow.convolution, affine, block.bins))
        affine, finish = join_running(block.narrow.norm), block.finish
        if isinstance(finish, nn.ConvTranspose2d):
            rises.append(prepare_finish(finish, affine, block.bins))
        else:
            rises.append(prepare_finish(finish.convolution, affine, block.bins))
            affine = join_running(finish.norm)
    return tuple(rises)


def fold_classifier(classifier: ActivityClassifier, bins: int) -> Pair:
    """Return weight (1, bins * width) and bias (1,) of the classifier as one affine map."""
    modules: list[Any] = list(classifier.steps)
    *steps, last = modules
    heights = [bins // STEP**level for level in range(len(steps) // 2)]
    weight, bias = last.weight[0, :, :, 0].T, last.bias  # (bins, channels) of what is behind
    while steps:
        norm, convolution = steps.pop(), steps.pop()
        affine = join_running(norm)
        constant = affine.shift + affine.scale * convolution.bias
        bias = bias + (weight @ constant).sum()
        taps = (convolution.weight[..., 0] * affine.scale[:, None, None]).transpose(1, 2)
        weight = torch.einsum("no,orb->nrb", weight, taps).flatten(0, 1)
        weight = functional.pad(weight, (0, 0, 0, heights.pop() - len(weight)))
    return weight.flatten()[None], bias


def _fold_norm(convolution: nn.Conv2d, norm: nn.BatchNorm2d) -> Pair:
    affine = join_running(norm)
    assert convolution.bias is not None
    weight = convolution.weight * affine.scale[:, None, None, None]
    return weight, torch.addcmul(affine.shift, convolution.bias, affine.scale)
