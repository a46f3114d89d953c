"""The two losses of IASS, and the labels that its classifier learns (METHOD sections 1 and 2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import isfinite

import torch
from torch import Tensor
from torch.nn import functional

from iass.foundation.errors import UserError
from iass.preparation.activity import LABEL_FRAME, LABEL_HOP


@dataclass(frozen=True)
class Frames:
    """The frames of a transform of a chunk: frame i is centred at its sample first + i * hop.

    first is n_fft / 2 without centring, and 0 with it.
    """

    first: int
    hop: int
    count: int


LabelSource = Callable[[Tensor, Tensor, Frames, float], Tensor]
"""From prepared labels (batch, label_frames), the target's audio (batch, channels, samples), the
frames and a floor, dBFS, to the label of each frame, 0 or 1 (batch, frames)."""


def magnitude_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error of magnitudes (batch, channels, bins, frames), a scalar."""
    return functional.mse_loss(estimate, target)


def activity_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the binary cross-entropy of logits against labels 0 or 1, both (batch, frames).

    It falls when a right prediction becomes surer, on active and on inactive frames alike.
    """
    return functional.binary_cross_entropy_with_logits(logits, labels)


def pick_labels(labels: Tensor, target: Tensor, frames: Frames, floor_db: float) -> Tensor:
    """Return the prepared label nearest to each frame; label k is centred at k * LABEL_HOP."""
    centres = frames.first + frames.hop * torch.arange(frames.count, device=labels.device)
    nearest = (2 * centres + LABEL_HOP) // (2 * LABEL_HOP)
    return labels[:, nearest.clamp(max=labels.shape[1] - 1)]


def label_loudness(labels: Tensor, target: Tensor, frames: Frames, floor_db: float) -> Tensor:
    """Return 1 where the target's mean square in the LABEL_FRAME samples around is above the floor.

    Over all channels; 0 dBFS is a constant 1. Beyond its ends the chunk is silent.
    """
    half = LABEL_FRAME // 2
    missing = frames.first + (frames.count - 1) * frames.hop + half - target.shape[-1]
    power = functional.pad(target.square().mean(dim=1), (half, max(missing, 0)))
    means = functional.avg_pool1d(power[:, frames.first :], LABEL_FRAME, frames.hop)
    return (means[:, : frames.count] > 10 ** (floor_db / 10)).to(labels.dtype)


LABEL_SOURCES: Mapping[str, LabelSource] = {"stem": pick_labels, "loudness": label_loudness}
"""Sources by the name that the option `label_source` has for them."""


def check_labels(source: str, floor_db: float) -> None:
    """UserError unless the source is known and the floor a level."""
    if source not in LABEL_SOURCES:
        known = ", ".join(LABEL_SOURCES)
        raise UserError(f"options.label_source is {source!r}; choose one of {known}.")
    if not isfinite(floor_db):
        raise UserError(f"options.label_floor_db is {floor_db:g}; give a level in dBFS, as -60.")
