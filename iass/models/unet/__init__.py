"""The IASS network: a U-Net with residual blocks and an activity classifier (METHOD section 2)."""

from iass.models.unet.folded import FoldedUNet
from iass.models.unet.network import UNet, count_parameters
from iass.models.unet.reach import count_mask_context, plan_gated_blocks
from iass.models.unet.shape import UNetShape, check_max_hz, check_widths, crop_bins, plan_shape

__all__ = [
    "FoldedUNet",
    "UNet",
    "UNetShape",
    "check_max_hz",
    "check_widths",
    "count_mask_context",
    "count_parameters",
    "crop_bins",
    "plan_gated_blocks",
    "plan_shape",
]
