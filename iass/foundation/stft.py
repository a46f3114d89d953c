"""Short-time Fourier transforms in torch, Hann window, as the networks and masks use them."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from iass.foundation.errors import UserError


@dataclass(frozen=True)
class Stft:
    """A Hann STFT of `n_fft` samples every `hop` samples.

    With `center`, frame i is centred at sample i * hop, the signal is padded by zeros so that
    any length from one sample works, and `invert` returns exactly the given length.

    Every sample lies well inside a frame: where frames overlap by just half, one more frame stands
    behind an end that does not fall on a frame's centre. Else the inversion would divide the last
    samples by the end of a window, and blow up whatever a mask left there.
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

    def count_frames(self, samples: int) -> int:
        """Return the number of frames of a centred transform."""
        overlaps_by_half = self.n_fft < 3 * self.hop
        return (samples + (self.hop - 1) * overlaps_by_half) // self.hop + 1

    def transform(self, audio: Tensor, *, center: bool = True) -> Tensor:
        """Return the complex spectrum (..., bins, frames) of `audio` (..., samples)."""
        flat = audio.reshape(-1, audio.shape[-1])
        if center:
            ending = (self.count_frames(audio.shape[-1]) - 1) * self.hop - audio.shape[-1]
            flat = functional.pad(flat, (0, max(0, ending)))
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
