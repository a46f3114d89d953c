"""Cross-correlations of whole tracks at the first lags, block by block."""

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from iass.scoring.bss_eval.parallel import map_in_order
from iass.scoring.bss_eval.track import Piece, Track, read_pieces, to_tensor

FFT_PER_LAG = 8  # FFT size over number of lags: 7/8 of each block is new
BLOCKS_PER_STEP = 8  # 6 MB of spectra for four stereo targets: they stay in the cache
STEPS_PER_PIECE = 8


@dataclass(frozen=True)
class Blocks:
    """Blocks of `fft_size` samples, one every `step` samples, `count` of them at a time."""

    fft_size: int
    step: int
    count: int

    @property
    def span(self) -> int:
        """Samples that `count` blocks advance by."""
        return self.count * self.step


def correlate(track: Track, lags: int) -> Tensor:
    """Return r[i, j, k] = sum over n of x_i(n) y_j(n + k), float64 (references, signals, lags).

    x are all channels of all references, y those followed by all channels of all estimates, each
    in the order source, channel; k = 0..lags-1. The spectra of blocks of x, zero-padded, and of the
    longer blocks of y that start at the same samples are multiplied and added up over the track;
    one inverse FFT ends it.
    """
    fft_size = 1 << (FFT_PER_LAG * lags - 1).bit_length()
    blocks = Blocks(fft_size, fft_size - lags + 1, BLOCKS_PER_STEP)
    pieces = read_pieces(track, blocks.span * STEPS_PER_PIECE, lags - 1)
    parts = map_in_order(partial(_correlate_piece, track.device, blocks), pieces, track.threads)
    total = next(parts)
    for part in parts:
        total += part
    every_lag: Tensor = torch.fft.irfft(_join_parts(total), n=fft_size, dim=0)
    return every_lag[:lags].permute(1, 2, 0)


def _correlate_piece(device: torch.device, blocks: Blocks, piece: Piece) -> Tensor:
    """Return sums of products of real and imaginary parts (bins, 2 references, 2 signals)."""
    parts = [to_tensor(audio).flatten(0, 1).to(device) for audio in piece]
    references, samples = parts[0].shape
    steps = min(STEPS_PER_PIECE, -(-samples // blocks.span))
    overlap = blocks.fft_size - blocks.step
    missing = max(0, steps * blocks.span + overlap - samples)
    if missing:
        parts = [torch.nn.functional.pad(part, (0, missing)) for part in parts]
    shape = (blocks.fft_size // 2 + 1, 2 * references, 4 * references)
    sums = torch.zeros(shape, dtype=torch.float64, device=device)
    for start in range(0, steps * blocks.span, blocks.span):
        _add_products(
            sums, [part[:, start : start + blocks.span + overlap] for part in parts], blocks
        )
    return sums


def _add_products(sums: Tensor, parts: list[Tensor], blocks: Blocks) -> None:
    """Add what the blocks of references and of references with estimates give."""
    references = len(parts[0])
    signals = sums.new_empty(2 * references, blocks.count, blocks.fft_size)
    for half, part in zip(signals.chunk(2), parts, strict=True):
        half.copy_(part.unfold(-1, blocks.fft_size, blocks.step))  # also to float64: one pass
    long = torch.fft.rfft(signals)
    fresh = signals[:references]
    fresh[..., blocks.step :] = 0
    short = torch.fft.rfft(fresh)
    sums.baddbmm_(_sort_by_bin(short), _sort_by_bin(long).mT)


def _sort_by_bin(spectra: Tensor) -> Tensor:
    """Turn complex (signals, blocks, bins) to real (bins, 2 signals, blocks): Re, then Im."""
    signals, blocks, bins = spectra.shape
    flat = torch.view_as_real(spectra).reshape(signals * blocks, 2 * bins)
    return flat.T.contiguous().view(bins, 2 * signals, blocks)


def _join_parts(sums: Tensor) -> Tensor:
    """Turn the sums of products of parts to conj(X) Y, complex (bins, references, signals)."""
    bins, references, signals = sums.shape
    parts = sums.view(bins, 2, references // 2, 2, signals // 2)
    real = parts[:, 0, :, 0] + parts[:, 1, :, 1]
    imaginary = parts[:, 0, :, 1] - parts[:, 1, :, 0]
    return torch.complex(real, imaginary)
