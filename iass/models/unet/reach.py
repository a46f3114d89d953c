"""How far around a frame the network looks, and the blocks that follow from it (METHOD 2)."""

from iass.foundation.method import Blocks
from iass.foundation.stft import Stft

_DOWN = 2  # frames on either side that a level adds on the way down: two 3x3 convolutions
_BOTH = 4  # the same on the way down and up again
_BLOCK = 256  # frames separated at a time: memory grows with them, the share of context shrinks


def count_mask_context(levels: int) -> int:
    """Return the frames on either side that a frame of the mask depends on: 12 for three levels."""
    return _BOTH * levels


def plan_gated_blocks(levels: int, stft: Stft, filter_length: int) -> Blocks:
    """Return blocks whose context is all that mask and gate see: they join exactly.

    The gate is a median of `filter_length` frames over an activity that sees 6 frames on either
    side with three levels.
    """
    gate = _DOWN * levels + filter_length // 2
    frames = max(count_mask_context(levels), gate)
    return Blocks(_BLOCK * stft.hop, stft.n_fft + frames * stft.hop, stft.hop)
