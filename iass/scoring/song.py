"""What is scored of one track, read piece by piece, so that no song has to fit into memory."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from iass.foundation.audio import FloatArray
from iass.scoring.bss_eval import Read

Signal = Callable[[int, int], FloatArray]
"""signal(start, stop) gives samples start..stop-1 as float32 (channels, samples)."""


@dataclass(frozen=True)
class Song:
    """One reference and one estimate per target, and the mixture where it is known.

    `unscorable` says why a target has no usable estimate; its signal is then silence.
    """

    targets: Sequence[str]
    samples: int
    references: Sequence[Signal]
    estimates: Sequence[Signal]
    mixture: Signal | None = None
    unscorable: Mapping[str, str] = field(default_factory=dict)


def hold_song(
    references: Mapping[str, FloatArray],
    estimates: Mapping[str, FloatArray],
    mixture: FloatArray | None = None,
    unscorable: Mapping[str, str] | None = None,
) -> Song:
    """Return a song from arrays (channels, samples) by target; missing estimates are silent."""
    targets = list(references)
    first = references[targets[0]]
    silence = np.zeros_like(first)
    return Song(
        targets=targets,
        samples=first.shape[1],
        references=[hold(references[target]) for target in targets],
        estimates=[hold(estimates.get(target, silence)) for target in targets],
        mixture=None if mixture is None else hold(mixture),
        unscorable=unscorable or {},
    )


def hold(audio: FloatArray) -> Signal:
    """Return the signal of an array (channels, samples)."""
    return lambda start, stop: audio[:, start:stop]


def subtract(minuend: Signal, subtrahend: Signal) -> Signal:
    """Return the difference of two signals, computed as it is read."""
    return lambda start, stop: minuend(start, stop) - subtrahend(start, stop)


def read_together(references: Sequence[Signal], estimates: Sequence[Signal]) -> Read:
    """Return what the engines read: both sides as (sources, channels, samples)."""
    return lambda start, stop: (
        np.stack([signal(start, stop) for signal in references]),
        np.stack([signal(start, stop) for signal in estimates]),
    )
