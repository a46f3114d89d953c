"""Our network and the plain one with equal weights, and how results are compared."""

import torch
from plain_unet import PlainUNet

from iass.models.unet import UNet, UNetShape

CASES = {  # widths, cropped bins, bins, batch, frames
    "all_bins_divide": ((3, 4, 5), 81, 81, 2, 7),
    "no_bins_divide": ((3, 5), 53, 60, 2, 8),
    "one_level_one_frame": ((4,), 20, 20, 1, 1),
    "two_frames": ((3, 4), 29, 40, 2, 2),
    "batch_of_one": ((2, 6, 4), 90, 99, 1, 41),
    "many_blocks": ((6, 4), 1487, 1500, 2, 20),
    "paper": ((16, 32, 48), 1487, 2049, 1, 5),
}


def make_twins(case):
    """Our network and the plain one with equal weights far from their start, and an input."""
    widths, cropped, bins, batch, frames = case
    torch.manual_seed(0)
    ours, plain = UNet(UNetShape(widths, cropped, bins)), PlainUNet(widths, cropped, bins)
    with torch.no_grad():
        for name, value in ours.state_dict().items():
            if name.endswith("running_var") or name == "input_scale":
                value.uniform_(0.5, 2.0)
            elif value.is_floating_point() and name != "last.weight":
                value.add_(0.2 * torch.randn_like(value))
    plain.load_state_dict(ours.state_dict(), strict=True)
    ours.load_state_dict(plain.state_dict(), strict=True)
    magnitude = torch.rand(batch, 1, bins, frames, dtype=torch.float64)
    return ours.double(), plain.double(), magnitude


def assert_close(left, right, tolerance, name="", least=0.0):
    """Compare by the largest difference, relative to the largest value."""
    largest = max(float(right.abs().max()), least)
    assert float((left - right).abs().max()) <= tolerance * largest, name
