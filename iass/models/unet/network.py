"""The IASS network (METHOD section 2): the plain one's weights and results, computed faster.

Inside, axes are (batch, frames, bins, channels). Every step along the bins is (3, 1) with stride
(3, 1), so time keeps its resolution; bins that do not divide by three are dropped on the way down
and filled by the bias on the way up, so that any number of bins works.
"""

import copy
from collections.abc import Iterable
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from iass.foundation.audio import FloatArray
from iass.models.unet.convolution import convolve
from iass.models.unet.folded import FoldedUNet, fold_block, fold_classifier, fold_rises
from iass.models.unet.parts import ActivityClassifier, ResidualBlock, UpBlock
from iass.models.unet.rising import Affine
from iass.models.unet.shape import UNetShape


class UNet(nn.Module):
    """Mask and activity of one target from a mixture's magnitude.

    `input_mean` and `input_scale` are the mean and the standard deviation (cropped_bins,) of the
    training mixtures; both go on learning. The input is (x - input_mean) / input_scale: the mean
    is stored positive. With `identity`, the last Linear starts as a copy (DEMO, settings).
    """

    def __init__(
        self,
        shape: UNetShape,
        input_mean: FloatArray | None = None,
        input_scale: FloatArray | None = None,
        *,
        identity: bool = False,
    ) -> None:
        super().__init__()
        self.shape = shape
        self.input_mean = _bin_parameter(input_mean, 0.0, shape.cropped_bins)
        self.input_scale = _bin_parameter(input_scale, 1.0, shape.cropped_bins)
        self.output_mean = nn.Parameter(torch.ones(shape.bins))
        self.output_scale = nn.Parameter(torch.ones(shape.bins))
        widths = shape.widths
        self.encoder = nn.ModuleList(
            ResidualBlock(before, width)
            for before, width in zip((1, *widths), widths, strict=False)
        )
        self.skips = nn.ModuleList(nn.Conv2d(w, w, 3, padding=1) for w in widths[:-1])
        self.activity = ActivityClassifier(widths, shape.level_bins[-1])
        self.decoder = nn.ModuleList(
            UpBlock(widths[level], widths[level - 1] if level else 0, shape.level_bins[level])
            for level in reversed(range(len(widths)))
        )
        self.last = nn.Linear(shape.cropped_bins, shape.bins)
        if identity:
            nn.init.eye_(self.last.weight)
            nn.init.zeros_(self.last.bias)

    def forward(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        """Map a magnitude (batch, 1, bins, frames) to a mask of that shape and activity logits.

        The mask is 0 or more; the logits are (batch, frames). `fold` is faster to separate with.
        """
        if not self.training:
            return self._fold()(magnitude)
        cropped = magnitude[:, 0, : self.shape.cropped_bins].transpose(1, 2)
        latent, skipped = self._encode((cropped - self.input_mean) / self.input_scale)
        logits: Tensor = self.activity(latent)
        widened = functional.linear(self._decode(latent, skipped), *self._scale_last())
        return torch.relu_(widened).transpose(1, 2)[:, None], logits

    def fold(self) -> FoldedUNet:
        """Return the network as it is now, outside training, with all composed that can be.

        It has no gradients, and does not change when this network learns on.
        """
        return copy.deepcopy(self).requires_grad_(False)._fold()

    def _encode(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        x = x[..., None]
        skipped = []
        for index, block in enumerate(self.encoder):
            x = block(x)
            if index < len(self.skips):
                skipped.append(convolve(x, *self._skip_pairs()[index]))
        return x, skipped

    def _decode(self, x: Tensor, skipped: list[Tensor]) -> Tensor:
        affine: Affine | None = None
        for block in self.decoder:
            x, affine = block(x, affine, skipped.pop() if skipped else None)
        return x

    def _scale_last(self) -> tuple[Tensor, Tensor]:
        weight = self.last.weight * self.output_scale[:, None]
        return weight, torch.addcmul(self.output_mean, self.last.bias, self.output_scale)

    def _skip_pairs(self) -> list[tuple[Tensor, Tensor]]:
        skips = cast("Iterable[Any]", self.skips)
        return [(skip.weight, skip.bias) for skip in skips]

    def _fold(self) -> FoldedUNet:
        return FoldedUNet(
            self.input_mean,
            self.input_scale,
            tuple(map(fold_block, cast("Iterable[ResidualBlock]", self.encoder))),
            tuple(self._skip_pairs()),
            fold_classifier(self.activity, self.shape.level_bins[-1]),
            fold_rises(cast("Iterable[UpBlock]", self.decoder)),
            self._scale_last(),
        )


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable values."""
    return sum(item.numel() for item in network.parameters() if item.requires_grad)


def _bin_parameter(values: FloatArray | None, default: float, bins: int) -> nn.Parameter:
    start = torch.full((bins,), default) if values is None else torch.tensor(values[:bins])
    return nn.Parameter(start.float())
