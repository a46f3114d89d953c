"""Short-time Fourier transforms in torch, Hann window, as the networks and masks use them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from iass.foundation.errors import UserError


@dataclass(frozen=True)
class Stft:
    """A Hann STFT of `n_fft` samples every `hop` samples.

    With `center`, frame i is centred at sample i * hop, the signal is padded by zeros so that
    any length from one sample works, and `invert` returns exactly the given length.
    """

    n_fft: int
    hop: int

    def __post_init__(self) -> None:
        """UserError unless frames overlap by half or more, as exact inversion needs."""
        if not 0 < 2 * self.hop <= self.n_fft:
            raise UserError(
                f"An STFT hop of {self.hop} needs n_fft >= {2 * self.hop}, not {self.n_fft}."
            )

    @property
    def bins(self) -> int:
        """Number of frequency bins, n_fft / 2 + 1."""
        return self.n_fft // 2 + 1

    def transform(self, audio: Tensor, *, center: bool = True) -> Tensor:
        """Return the complex spectrum (..., bins, frames) of `audio` (..., samples)."""
        flat = audio.reshape(-1, audio.shape[-1])
        window = torch.hann_window(self.n_fft, dtype=audio.dtype, device=audio.device)
        spectrum = torch.stft(
            flat,
            self.n_fft,
            self.hop,
            window=window,
            center=center,
            pad_mode="constant",
            return_complex=True,
        )
        return spectrum.reshape(*audio.shape[:-1], *spectrum.shape[-2:])

    def invert(self, spectrum: Tensor, samples: int) -> Tensor:
        """Return the audio (..., samples) of a centred spectrum (..., bins, frames)."""
        flat = spectrum.reshape(-1, *spectrum.shape[-2:])
        window = torch.hann_window(self.n_fft, dtype=spectrum.real.dtype, device=spectrum.device)
        audio = torch.istft(flat, self.n_fft, self.hop, window=window, center=True, length=samples)
        return audio.reshape(*spectrum.shape[:-2], samples)
