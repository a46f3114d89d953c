"""To the spectrum of a mixture and back, around any estimate with the mixture's phase."""

import numpy as np
import torch
from torch import Tensor

from iass.foundation.audio import FloatArray
from iass.foundation.stft import Stft


def transform_mixture(mixture: FloatArray, stft: Stft, device: torch.device) -> Tensor:
    """Return the centred spectrum (1, channels, bins, frames) of a mixture (channels, samples)."""
    copied = torch.from_numpy(np.array(mixture, np.float32, order="C"))
    return stft.transform(copied[None].to(device))


def invert_estimate(spectrum: Tensor, stft: Stft, samples: int) -> FloatArray:
    """Return the audio (channels, samples) of a spectrum (1, channels, bins, frames)."""
    return np.ascontiguousarray(stft.invert(spectrum, samples)[0].cpu().numpy())
