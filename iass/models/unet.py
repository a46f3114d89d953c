"""The IASS network: a U-Net with residual blocks and an activity classifier (METHOD section 2).

Axes are (batch, channels, bins, frames). Every step along the bins is (3, 1) with stride (3, 1),
so time keeps its resolution; bins that do not divide by three are dropped on the way down and
filled by the bias on the way up, so that any number of bins works.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import torch
from torch import Tensor, nn
from torch.nn import functional

from iass.foundation.audio import FloatArray
from iass.foundation.errors import UserError
from iass.foundation.stft import Stft

_STEP = 3  # bins merged by one step down (METHOD section 2)
_LEAST_WIDTH = 2  # channels; the last block on the way up halves them


@dataclass(frozen=True)
class UNetShape:
    """The sizes of the network: widths of the levels, and bins before and after cropping."""

    widths: tuple[int, ...]
    cropped_bins: int
    bins: int

    @property
    def level_bins(self) -> tuple[int, ...]:
        """Bins at the input of each level and in the latent, e.g. 1487, 495, 165, 55."""
        return tuple(self.cropped_bins // _STEP**level for level in range(len(self.widths) + 1))


def plan_shape(widths: tuple[int, ...], stft: Stft, max_hz: float, rate_hz: int) -> UNetShape:
    """Return the sizes for an STFT whose bins up to `max_hz` are kept.

    UserError if there are too few bins for the number of levels.
    """
    cropped = crop_bins(stft, max_hz, rate_hz)
    shape = UNetShape(tuple(widths), cropped, stft.bins)
    if not widths or shape.level_bins[-1] < 1:
        raise UserError(
            f"options.widths {list(widths)} asks for {len(widths)} levels, but {cropped} bins up "
            f"to max_hz {max_hz:g} do not suffice; give 1 to {_count_levels(cropped)} widths."
        )
    return shape


def crop_bins(stft: Stft, max_hz: float, rate_hz: int) -> int:
    """Return the number of bins at or below `max_hz`: 1487 for 16 kHz at 4096 and 44.1 kHz."""
    check_max_hz(max_hz)
    return min(stft.bins, int(max_hz * stft.n_fft / rate_hz) + 1)


def check_max_hz(max_hz: float) -> None:
    """UserError unless `max_hz` is a frequency above 0."""
    if not 0 < max_hz < inf:
        raise UserError(f"options.max_hz is {max_hz:g}; give a frequency in Hz above 0.")


def check_widths(widths: Sequence[int]) -> None:
    """UserError unless there is a level and each has channels that the way up can halve."""
    if not widths or min(widths) < _LEAST_WIDTH:
        raise UserError(
            f"options.widths is {list(widths)}; give {_LEAST_WIDTH} or more for each level."
        )


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

        The mask is 0 or more; the logits are (batch, frames).
        """
        latent, skipped = self._encode(self._normalise(magnitude))
        logits: Tensor = self.activity(latent)
        return self._widen(self._decode(latent, skipped)), logits

    def _normalise(self, magnitude: Tensor) -> Tensor:
        cropped = magnitude[:, :, : self.shape.cropped_bins]
        return (cropped - self.input_mean[:, None]) / self.input_scale[:, None]

    def _encode(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        outputs = []
        for block in self.encoder:
            x = block(x)
            outputs.append(x)
        skipped = [skip(out) for skip, out in zip(self.skips, outputs[:-1], strict=True)]
        return x, skipped

    def _decode(self, x: Tensor, skipped: list[Tensor]) -> Tensor:
        for block in self.decoder:
            x = block(x, skipped.pop() if skipped else None)
        return x

    def _widen(self, x: Tensor) -> Tensor:
        widened = self.last(x.transpose(2, 3)) * self.output_scale + self.output_mean
        return torch.relu(widened).transpose(2, 3)


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions beside a 1x1 one, then a third of the bins."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(),
        )
        self.residual = nn.Conv2d(before, width, 1)
        self.down = nn.Conv2d(width, width, (_STEP, 1), stride=(_STEP, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, before, bins, frames) to (batch, width, bins // 3, frames)."""
        return torch.as_tensor(self.down(self.main(x) + self.residual(x)))


class UpBlock(nn.Module):
    """Three times the bins, the skip beside them, then two transposed 3x3 convolutions.

    The lowest block (no skip) ends in the one-channel map, without activation.
    """

    def __init__(self, width: int, after: int, bins: int) -> None:
        super().__init__()
        joined = width + after
        self.up = StepUp(width, bins)
        self.narrow = _narrowing(joined, joined // 2)
        self.finish = _narrowing(joined // 2, after) if after else TransposedConv3x3(joined // 2, 1)

    def forward(self, x: Tensor, skipped: Tensor | None) -> Tensor:
        """Map (batch, width, bins // 3, frames) to (batch, after or 1, bins, frames)."""
        x = self.up(x)
        if skipped is not None:
            x = torch.cat((x, skipped), dim=1)
        return torch.as_tensor(self.finish(self.narrow(x)))


class TransposedConv3x3(nn.ConvTranspose2d):
    """torch's transposed convolution of stride 1, computed as the flipped ordinary one.

    Parameters and results are torch's; on a CPU it is several times faster.
    """

    def __init__(self, before: int, after: int) -> None:
        super().__init__(before, after, 3, padding=1)

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (batch, before, bins, frames) to (batch, after, bins, frames)."""
        flipped = self.weight.transpose(0, 1).flip(2, 3)
        return functional.conv2d(x, flipped, self.bias, padding=1)


class StepUp(nn.ConvTranspose2d):
    """torch's transposed (3, 1) convolution of stride (3, 1), computed as a matrix product.

    `bins` is the number of bins that leave it: where three do not divide it, the last one or two
    rows hold the bias alone, as with torch's output_padding.
    """

    def __init__(self, width: int, bins: int) -> None:
        rows = (_STEP, 1)
        super().__init__(width, width, rows, stride=rows, output_padding=(bins % _STEP, 0))
        self.missing = bins % _STEP

    def forward(self, x: Tensor, output_size: list[int] | None = None) -> Tensor:
        """Map (batch, width, bins // 3, frames) to (batch, width, bins, frames)."""
        batch, width, _, frames = x.shape
        product = self.weight.flatten(1).T @ x.flatten(2)
        rows = product.view(batch, width, _STEP, -1, frames).transpose(2, 3)
        filled = functional.pad(rows.reshape(batch, width, -1, frames), (0, 0, 0, self.missing))
        return filled if self.bias is None else filled + self.bias[:, None, None]


class ActivityClassifier(nn.Module):
    """Logits (batch, frames) from the latent (batch, width, bins, frames), affine throughout.

    The bins are divided by three until one or two are left, which the last convolution joins:
    55, 18, 6, 2, 1 at the paper's options. The widths follow the levels downwards and then stay.
    """

    def __init__(self, widths: tuple[int, ...], bins: int) -> None:
        super().__init__()
        narrower = list(widths[:-1])
        width = widths[-1]
        steps: list[nn.Module] = []
        while bins >= _STEP:
            after = narrower.pop() if narrower else min(width, widths[0])
            steps += [
                nn.Conv2d(width, after, (_STEP, 1), stride=(_STEP, 1)),
                nn.BatchNorm2d(after),
            ]
            width, bins = after, bins // _STEP
        self.steps = nn.Sequential(*steps, nn.Conv2d(width, 1, (bins, 1), stride=(bins, 1)))

    def forward(self, latent: Tensor) -> Tensor:
        """Return one logit per frame (batch, frames); positive means active."""
        return torch.as_tensor(self.steps(latent)).flatten(1)


def count_parameters(network: nn.Module) -> int:
    """Return the number of trainable values."""
    return sum(item.numel() for item in network.parameters() if item.requires_grad)


def _narrowing(before: int, after: int) -> nn.Sequential:
    return nn.Sequential(TransposedConv3x3(before, after), nn.LeakyReLU(), nn.BatchNorm2d(after))


def _bin_parameter(values: FloatArray | None, default: float, bins: int) -> nn.Parameter:
    start = torch.full((bins,), default) if values is None else torch.tensor(values[:bins])
    return nn.Parameter(start.float())


def _count_levels(bins: int) -> int:
    levels = 0
    while bins >= _STEP:
        bins, levels = bins // _STEP, levels + 1
    return levels
