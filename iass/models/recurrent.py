"""Blocks for Open-Unmix: a recurrent network hears the whole song, but it forgets."""

from iass.foundation.method import Blocks

_BLOCK_S = 20.0  # shorter songs are separated whole; four stereo targets take 1.0 GB
_CONTEXT_S = 8.0
"""How long an LSTM remembers, in seconds, and some more. Blocks of synthesised music differed from
the whole song by at most 6e-8 of full scale (networks of the demo after 300 steps, 5 minutes) and
8e-6 (those of the paper's size after 600 steps, 108 s); with 5 s by 2e-5 and 7e-5, with 2 s by 1e-4
and 4e-4. Networks that have learned longer may remember longer."""


def plan_recurrent_blocks(rate_hz: int, unit: int) -> Blocks:
    """Return short blocks with seconds of context, which begin at multiples of `unit` samples."""
    return Blocks(round(_BLOCK_S * rate_hz), round(_CONTEXT_S * rate_hz), unit)
