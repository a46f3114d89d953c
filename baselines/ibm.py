"""Ideal binary mask, as the oracle IBM1 or IBM2 of SiSEC 2018 (METHOD section 4)."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from iass.foundation.audio import FloatArray
from iass.foundation.method import Estimate, Oracle
from iass.foundation.stft import Stft


@dataclass(frozen=True)
class Method(Oracle):
    """Upper bound: keeps a bin where the reference holds at least `threshold` of the mixture.

    exponent: a in |Y|^a / |X|^a; 1 gives IBM1, 2 gives IBM2. threshold: of that ratio.
    n_fft: STFT length, samples; the hop is half of it (SiSEC 2018: 2048).
    """

    exponent: float = 1.0
    threshold: float = 0.5
    n_fft: int = 2048

    def separate(
        self, mixture: FloatArray, rate_hz: int, references: Mapping[str, FloatArray]
    ) -> dict[str, Estimate]:
        """Return the masked mixture (channels, samples) per reference, each channel by itself."""
        stft = Stft(self.n_fft, self.n_fft // 2)
        spectrum = stft.transform(torch.from_numpy(mixture))
        estimates = {}
        for target, reference in references.items():
            mask = self._compute_mask(stft.transform(torch.from_numpy(reference)), spectrum)
            audio = stft.invert(spectrum * mask, mixture.shape[-1])
            estimates[target] = Estimate(audio.numpy())
        return estimates

    def _compute_mask(self, reference: Tensor, mixture: Tensor) -> Tensor:
        """Return 0 or 1 per (channel, bin, frame); a bin without mixture energy is 0."""
        level = mixture.abs() ** self.exponent
        kept = reference.abs() ** self.exponent >= self.threshold * level
        return (kept & (level > 0)).to(level.dtype)
