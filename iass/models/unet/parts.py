"""The blocks of the network in training; their names in the state_dict are the plain network's.

Axes are (batch, frames, bins, channels).
"""

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from iass.models.unet.convolution import convolve, join_taps, join_thirds
from iass.models.unet.normalisation import (
    normalise_activate,
    normalise_activate_step,
    share_statistics,
    track_statistics,
)
from iass.models.unet.rising import Affine, join_norm, prepare_finish, prepare_up
from iass.models.unet.shape import STEP


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
        self.down = nn.Conv2d(width, width, (STEP, 1), stride=(STEP, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, frames, bins, before) to (batch, frames, bins // 3, width)."""
        (first, first_norm), (second, second_norm) = self.pairs
        beside = functional.linear(join_thirds(x), *self.compose_residual())
        x = normalise_activate(convolve(x, first.weight, first.bias), first_norm)
        x = convolve(x, second.weight, second.bias)
        return normalise_activate_step(x, second_norm, join_taps(self.down.weight), beside)

    @property
    def pairs(self) -> tuple[tuple[nn.Conv2d, nn.BatchNorm2d], tuple[nn.Conv2d, nn.BatchNorm2d]]:
        """Each convolution with its norm."""
        main: list[Any] = list(self.main)
        first, first_norm, _, second, second_norm, _ = main
        return (first, first_norm), (second, second_norm)

    def compose_residual(self) -> tuple[Tensor, Tensor]:
        """Return weight (width, 3 * before) and bias of the step down behind the 1x1 branch."""
        assert self.down.bias is not None
        assert self.residual.bias is not None
        with torch.autocast(self.down.weight.device.type, enabled=False):
            steps = self.down.weight.squeeze(3)
            weight = torch.einsum("omr,mb->orb", steps, self.residual.weight[:, :, 0, 0])
            return weight.flatten(1), self.down.bias + steps.sum(dim=2) @ self.residual.bias


class UpBlock(nn.Module):
    """Three times the bins, the skip beside them, then two transposed 3x3 convolutions.

    The lowest block (no skip) ends in the one-channel map, without activation.
    """

    def __init__(self, width: int, after: int, bins: int) -> None:
        super().__init__()
        self.bins = bins
        joined, rows = width + after, (STEP, 1)
        self.up = nn.ConvTranspose2d(
            width, width, rows, stride=rows, output_padding=(bins % STEP, 0)
        )
        self.narrow = Narrowing(joined, joined // 2)
        self.finish: Narrowing | nn.ConvTranspose2d = (
            Narrowing(joined // 2, after)
            if after
            else nn.ConvTranspose2d(joined // 2, 1, 3, padding=1)
        )

    def forward(
        self, x: Tensor, affine: Affine | None, skipped: Tensor | None
    ) -> tuple[Tensor, Affine | None]:
        """Map (batch, frames, bins // 3, width) to (batch, frames, bins, after) and its norm.

        `affine` is the norm of x, which is applied here; the last block returns the one-channel
        map (batch, frames, bins) and no norm.
        """
        rise = prepare_up(self.up, self.narrow.convolution, affine, self.bins)
        x, *statistics = rise.run(x, skipped, measured=True)
        affine = _follow(self.narrow.norm, x, *statistics)
        if isinstance(self.finish, nn.ConvTranspose2d):
            return prepare_finish(self.finish, affine, self.bins).run_last(x), None
        rise = prepare_finish(self.finish.convolution, affine, self.bins)
        x, *statistics = rise.run(x, measured=True)
        return x, _follow(self.finish.norm, x, *statistics)


class Narrowing(nn.Sequential):
    """A transposed 3x3 convolution, the activation, then the norm."""

    def __init__(self, before: int, after: int) -> None:
        convolution = nn.ConvTranspose2d(before, after, 3, padding=1)
        super().__init__(convolution, nn.LeakyReLU(), nn.BatchNorm2d(after))

    @property
    def convolution(self) -> nn.ConvTranspose2d:
        """The learned part in front of the activation."""
        return cast("nn.ConvTranspose2d", self[0])

    @property
    def norm(self) -> nn.BatchNorm2d:
        """The learned part behind it."""
        return cast("nn.BatchNorm2d", self[2])


class ActivityClassifier(nn.Module):
    """Logits (batch, frames) from the latent (batch, frames, bins, width), affine throughout.

    The bins are divided by three until one or two are left, which the last convolution joins:
    55, 18, 6, 2, 1 at the paper's options. The widths follow the levels downwards and then stay.
    """

    def __init__(self, widths: tuple[int, ...], bins: int) -> None:
        super().__init__()
        narrower = list(widths[:-1])
        width = widths[-1]
        steps: list[nn.Module] = []
        while bins >= STEP:
            after = narrower.pop() if narrower else min(width, widths[0])
            steps += [
                nn.Conv2d(width, after, (STEP, 1), stride=(STEP, 1)),
                nn.BatchNorm2d(after),
            ]
            width, bins = after, bins // STEP
        self.steps = nn.Sequential(*steps, nn.Conv2d(width, 1, (bins, 1), stride=(bins, 1)))

    def forward(self, latent: Tensor) -> Tensor:
        """Return one logit per frame (batch, frames); positive means active."""
        x = latent.permute(0, 3, 2, 1).contiguous()  # small: torch's own layout and modules do
        return torch.as_tensor(self.steps(x)).flatten(1)


def _follow(
    norm: nn.BatchNorm2d, x: Tensor, mean: Tensor | None, variance: Tensor | None
) -> Affine:
    assert mean is not None
    assert variance is not None
    count = x.numel() // x.shape[-1]
    if isinstance(norm, nn.SyncBatchNorm):
        mean, variance, processes = share_statistics(mean, variance)
        count *= processes
    track_statistics(norm, mean, variance, count)
    return join_norm(norm, mean, variance)
