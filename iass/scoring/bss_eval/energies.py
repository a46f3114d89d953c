"""Energies of what an estimate is made of, frame by frame.

A frame is cut out, zero-padded and filtered, as museval does it, so its energies are those of full
linear convolutions and follow by Parseval from products of spectra, without inverse FFT.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from iass.scoring.bss_eval.filters import Filters

FFT_GRAIN = 64  # samples; sizes are multiples of it, with prime factors up to 7


@dataclass(frozen=True)
class Spectra:
    """Spectra of the filters, complex; shapes as in `Filters`, bins instead of taps."""

    own: Tensor
    joint: Tensor | None
    fft_size: int


Ratios = dict[str, tuple[Tensor, Tensor]]
"""Metric -> energies over all channels, wanted over unwanted, each (frames, sources)."""


def choose_fft_size(samples: int) -> int:
    """Return the next multiple of 64 whose prime factors are 2, 3, 5 and 7 alone."""
    size = -(-samples // FFT_GRAIN)
    while not _is_smooth(size):
        size += 1
    return size * FFT_GRAIN


def transform_filters(filters: Filters, frame: int) -> Spectra:
    """Return the spectra of the filters, large enough for frames of `frame` samples."""
    size = choose_fft_size(frame + filters.own.shape[-1] - 1)
    own = torch.fft.rfft(filters.own, n=size)
    joint = None if filters.joint is None else torch.fft.rfft(filters.joint, n=size)
    return Spectra(own, joint, size)


def measure_plain(references: Tensor, estimates: Tensor) -> Ratios:
    """Return SDR = |s|^2 over |e - s|^2; both are (frames, sources, channels, samples)."""
    return {"SDR": (_add_squares(references), _add_squares(estimates - references))}


def measure_filtered(references: Tensor, estimates: Tensor, filters: Spectra) -> Ratios:
    """Return ISR = |s|^2 over |a - s|^2, SIR = |a|^2 over |p - a|^2, SAR = |p|^2 over |e - p|^2.

    a is the projection of the estimate e on the target's own reference s, p that on all references;
    both arguments are (frames, sources, channels, samples). Without joint filters there is ISR
    alone.
    """
    inputs = torch.fft.rfft(references, n=filters.fft_size)
    ratios = [
        _measure_source(source, inputs, estimates[:, source], filters)
        for source in range(references.shape[1])
    ]
    pairs = torch.stack(ratios, dim=-1)
    names = ("ISR", "SIR", "SAR")[: len(pairs)]
    return {name: (pair[0], pair[1]) for name, pair in zip(names, pairs, strict=True)}


def _measure_source(source: int, inputs: Tensor, estimate: Tensor, filters: Spectra) -> Tensor:
    """Return the energies of one target, (metrics, 2, frames)."""
    target = inputs[:, source]
    own = _filter(filters.own[source], target)
    pairs = []
    if filters.joint is not None:
        channels = estimate.shape[1]
        rows = slice(source * channels, (source + 1) * channels)
        projection = _filter(filters.joint[rows], inputs.flatten(1, 2))
        artefacts = torch.fft.rfft(estimate, n=filters.fft_size).sub_(projection)
        pairs.append((_add_power(projection), _add_power(artefacts)))
        pairs.insert(0, (_add_power(own), _add_power(projection.sub_(own))))
    pairs.insert(0, (_add_power(target), _add_power(own.sub_(target))))
    return torch.stack([torch.stack(pair) for pair in pairs])


def _filter(filters: Tensor, inputs: Tensor) -> Tensor:
    """Apply (outputs, inputs, bins) to (frames, inputs, bins)."""
    outputs = filters[:, 0] * inputs[:, :1]
    for index in range(1, inputs.shape[1]):
        outputs.addcmul_(filters[:, index], inputs[:, index : index + 1])
    return outputs


def _add_squares(values: Tensor) -> Tensor:
    norms: Tensor = torch.linalg.vector_norm(values, dim=(-2, -1))
    return norms.square()


def _add_power(spectra: Tensor) -> Tensor:
    """Add |X|^2 over channels and all bins of a full FFT of even size, given half of them.

    (frames, channels, bins) -> (frames,). The factor 1 / FFT size of Parseval's theorem cancels in
    every ratio.
    """
    parts = torch.view_as_real(spectra)  # the norm of complex numbers is 30 times slower
    return 2 * _add_squares(parts.flatten(2)) - _add_squares(parts[:, :, [0, -1]].flatten(2))


def _is_smooth(number: int) -> bool:
    for prime in (2, 3, 5, 7):
        while number % prime == 0:
            number //= prime
    return number == 1
