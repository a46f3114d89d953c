"""The sizes of the network, and the options they come from."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

from iass.foundation.errors import UserError
from iass.foundation.stft import Stft

STEP = 3  # bins merged by one step down (METHOD section 2)
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
        return tuple(self.cropped_bins // STEP**level for level in range(len(self.widths) + 1))


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


def _count_levels(bins: int) -> int:
    levels = 0
    while bins >= STEP:
        bins, levels = bins // STEP, levels + 1
    return levels
