"""The IASS network as anybody writes it from the table in METHOD section 2: the slow twin.

Axes are (batch, channels, bins, frames) throughout, and every step is torch's own module. Names
and shapes in the state_dict are those of iass.models.unet.UNet, so weights travel both ways.
"""

import torch
from torch import Tensor, nn

from iass.models.unet import UNet


class PlainUNet(nn.Module):
    """Mask and activity logits from a magnitude (batch, 1, bins, frames)."""

    def __init__(self, widths: tuple[int, ...], cropped_bins: int, bins: int) -> None:
        super().__init__()
        self.cropped_bins = cropped_bins
        self.input_mean = nn.Parameter(torch.zeros(cropped_bins))
        self.input_scale = nn.Parameter(torch.ones(cropped_bins))
        self.output_mean = nn.Parameter(torch.ones(bins))
        self.output_scale = nn.Parameter(torch.ones(bins))
        befores = (1, *widths[:-1])
        self.encoder = nn.ModuleList(map(PlainResidual, befores, widths))
        self.skips = nn.ModuleList(nn.Conv2d(w, w, 3, padding=1) for w in widths[:-1])
        heights = [cropped_bins // 3**level for level in range(len(widths) + 1)]
        self.activity = PlainActivity(widths, heights[-1])
        self.decoder = nn.ModuleList(
            PlainUp(widths[level], befores[level] if level else 0, heights[level])
            for level in reversed(range(len(widths)))
        )
        self.last = nn.Linear(cropped_bins, bins)

    def forward(self, magnitude: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mask (batch, 1, bins, frames) and the logits (batch, frames)."""
        x = magnitude[:, :, : self.cropped_bins]
        x = (x - self.input_mean[:, None]) / self.input_scale[:, None]
        skipped = []
        for block, skip in zip(self.encoder, [*self.skips, None], strict=True):
            x = block(x)
            if skip is not None:
                skipped.append(skip(x))
        logits = self.activity(x)
        for block in self.decoder:
            x = block(x, skipped.pop() if skipped else None)
        mask = self.last(x.transpose(2, 3)) * self.output_scale + self.output_mean
        return torch.relu(mask).transpose(2, 3), logits


def make_plain(network: UNet) -> PlainUNet:
    """Return the slow twin of a network, with its weights, in training."""
    shape = network.shape
    plain = PlainUNet(shape.widths, shape.cropped_bins, shape.bins)
    plain.load_state_dict(network.state_dict())
    return plain


class PlainResidual(nn.Module):
    """Two 3x3 convolutions beside a 1x1 one, then a third of the bins."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(before, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.01),
            nn.Conv2d(width, width, 3, padding=1),
            nn.BatchNorm2d(width),
            nn.LeakyReLU(0.01),
        )
        self.residual = nn.Conv2d(before, width, 1)
        self.down = nn.Conv2d(width, width, (3, 1), stride=(3, 1))

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down(self.main(x) + self.residual(x))
        return out


class PlainUp(nn.Module):
    """Three times the bins, the skip beside them, two transposed 3x3 convolutions."""

    def __init__(self, width: int, after: int, bins: int) -> None:
        super().__init__()
        joined = width + after
        half = joined // 2
        self.up = nn.ConvTranspose2d(
            width, width, (3, 1), stride=(3, 1), output_padding=(bins % 3, 0)
        )
        self.narrow = nn.Sequential(
            nn.ConvTranspose2d(joined, half, 3, padding=1), nn.LeakyReLU(0.01), nn.BatchNorm2d(half)
        )
        self.finish = (
            nn.Sequential(
                nn.ConvTranspose2d(half, after, 3, padding=1),
                nn.LeakyReLU(0.01),
                nn.BatchNorm2d(after),
            )
            if after
            else nn.ConvTranspose2d(half, 1, 3, padding=1)
        )

    def forward(self, x: Tensor, skipped: Tensor | None) -> Tensor:
        x = self.up(x)
        if skipped is not None:
            x = torch.cat((x, skipped), dim=1)
        out: Tensor = self.finish(self.narrow(x))
        return out


class PlainActivity(nn.Sequential):
    """A third of the bins, again and again, until the last convolution joins the rest."""

    def __init__(self, widths: tuple[int, ...], bins: int) -> None:
        super().__init__()
        self.steps = nn.Sequential()
        narrower, width = list(widths[:-1]), widths[-1]
        while bins >= 3:
            after = narrower.pop() if narrower else min(width, widths[0])
            self.steps.append(nn.Conv2d(width, after, (3, 1), stride=(3, 1)))
            self.steps.append(nn.BatchNorm2d(after))
            width, bins = after, bins // 3
        self.steps.append(nn.Conv2d(width, 1, (bins, 1), stride=(bins, 1)))

    def forward(self, latent: Tensor) -> Tensor:
        out: Tensor = self.steps(latent).flatten(1)
        return out
