"""The two losses of IASS (METHOD sections 1 and 2)."""

import torch
from torch import Tensor
from torch.nn import functional


def magnitude_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Return the mean squared error of magnitudes (batch, channels, bins, frames), a scalar."""
    return functional.mse_loss(estimate, target)


def activity_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Return the binary cross-entropy of logits against labels 0 or 1, both (batch, frames).

    It falls when a right prediction becomes surer, on active and on inactive frames alike.
    """
    return functional.binary_cross_entropy_with_logits(logits, labels)


def frame_labels(labels: Tensor, first: int, hop: int, label_hop: int, frames: int) -> Tensor:
    """Pick from labels (batch, label_frames) the one nearest to each STFT frame: (batch, frames).

    Label k is centred at sample k * label_hop, STFT frame i at sample first + i * hop: first is
    n_fft / 2 without centring, and 0 with it.
    """
    centres = first + hop * torch.arange(frames, device=labels.device)
    nearest = (2 * centres + label_hop) // (2 * label_hop)
    return labels[:, nearest.clamp(max=labels.shape[1] - 1)]
