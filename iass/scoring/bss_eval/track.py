"""How the audio of a track is reached: block by block, converted where it is used."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

Audio = NDArray[np.floating] | NDArray[np.integer] | torch.Tensor
Piece = tuple[Audio, Audio]
"""References and estimates of one stretch of time, each (sources, channels, samples)."""

Read = Callable[[int, int], Piece]
"""read(start, stop) gives the samples start..stop-1 of every reference and every estimate."""


@dataclass(frozen=True)
class Track:
    """What is scored: how it is read, its length in samples, and on what it is computed."""

    read: Read
    samples: int
    device: torch.device
    threads: int


def read_pieces(track: Track, length: int, overlap: int = 0) -> Iterator[Piece]:
    """Read the track in pieces of `length` samples and `overlap` samples of the next piece."""
    for start in range(0, track.samples, length):
        yield track.read(start, min(start + length + overlap, track.samples))


def to_tensor(audio: Audio) -> torch.Tensor:
    """Return an array as a tensor of its own type, a copy only where torch cannot share memory."""
    if isinstance(audio, torch.Tensor):
        return audio
    can_share = audio.flags.writeable and min(audio.strides) >= 0
    return torch.from_numpy(audio if can_share else np.array(audio))


def read_array(audio: Audio, start: int, stop: int) -> Audio:
    """Return samples start..stop-1 of (sources, channels, samples), zeros behind the end."""
    part = audio[..., start:stop]
    missing = stop - start - part.shape[-1]
    if missing == 0:
        return part
    return torch.nn.functional.pad(to_tensor(part), (0, missing))
