"""The evaluation of one track: filters from the whole of it, then scores frame by frame."""

from collections.abc import Callable, Collection, Iterator
from functools import partial
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from iass.scoring.bss_eval.correlations import correlate
from iass.scoring.bss_eval.energies import (
    Spectra,
    measure_filtered,
    measure_plain,
    transform_filters,
)
from iass.scoring.bss_eval.filters import solve_filters
from iass.scoring.bss_eval.parallel import limit_torch_threads, map_in_order
from iass.scoring.bss_eval.silence import is_sounding, refuse_silence
from iass.scoring.bss_eval.track import Audio, Piece, Read, Track, read_array, to_tensor

Metric = Literal["SDR", "ISR", "SIR", "SAR"]
METRICS: tuple[Metric, ...] = ("SDR", "ISR", "SIR", "SAR")
JOINT = {"SIR", "SAR"}  # need the filters from all references

FRAMES_AT_ONCE = 2  # the spectra of the filters, 30 MB, are read once for all of them
SOLVER_THREADS = 2  # whatever `threads` is: the last bits of the filters depend on it
FILTER_LENGTH = 512  # taps; BSSEval's value since version 2
SHAPES_DIFFER = (  # museval's words; shapes as (sources, samples, channels)
    "The shape of estimated sources and the true sources should match. "
    "reference_sources.shape = {}, estimated_sources.shape = {}"
)

Scores = dict[Metric, NDArray[np.float64]]
"""Metric -> values in dB (sources, frames); NaN where a source of the set is silent."""


def evaluate(
    references: Audio,
    estimates: Audio,
    *,
    window: int,
    hop: int,
    filter_length: int = FILTER_LENGTH,
    device: str | torch.device = "cpu",
    threads: int | None = None,
    metrics: Collection[Metric] = METRICS,
) -> Scores:
    """Score estimates (sources, channels, samples) against references, all sources together.

    The numbers of museval.evaluate(mode="v4"): frames of `window` samples every `hop` samples, a
    shorter last part dropped, one frame if all is shorter. Estimates are cut or filled with zeros
    to the length of the references. Samples must be finite. The track is read in pieces, so that
    memory beyond the arrays depends on the number of sources alone, not on the length.

    Raises ValueError, in museval's words, where the numbers of sources or channels differ and where
    a reference or an estimate is silent throughout.
    """
    _check_shapes(references, estimates)
    samples = references.shape[-1]

    def read(start: int, stop: int) -> Piece:
        return references[..., start:stop], read_array(estimates, start, stop)

    if samples == 0 or len(references) == 0:
        return {metric: np.empty((len(references), 0)) for metric in METRICS if metric in metrics}
    return evaluate_blocks(
        read,
        samples,
        window=window,
        hop=hop,
        filter_length=filter_length,
        device=device,
        threads=threads,
        metrics=metrics,
    )


def evaluate_blocks(
    read: Read,
    samples: int,
    *,
    window: int,
    hop: int,
    filter_length: int = FILTER_LENGTH,
    device: str | torch.device = "cpu",
    threads: int | None = None,
    metrics: Collection[Metric] = METRICS,
    score_silence: bool = False,
) -> Scores:
    """Score a track that `read(start, stop)` gives in pieces; see `evaluate`.

    `read` returns references and estimates, each (sources, channels, stop - start). It is called
    from the calling thread alone, in rising order, up to three times through the track: until all
    sources have sounded, for the filters, and for the frames. SDR alone needs no filters.

    With `score_silence` nothing is refused and frames with silent sources have the values of the
    equations, inf where the denominator is zero: the caller decides which of them count.
    """
    cores = torch.get_num_threads() if threads is None else threads
    track = Track(read, samples, torch.device(device), cores)
    if not score_silence:
        refuse_silence(track)
    spectra = None
    if set(metrics) - {"SDR"}:
        spectra = _find_filters(track, min(window, samples), filter_length, set(metrics))
    counts = _always if score_silence else _all_sound
    work = partial(_score_frames, filters=spectra, device=track.device, counts=counts)
    frames = map_in_order(work, _read_frames(track, window, hop), track.threads)
    scores = np.concatenate(list(frames), axis=-1)
    return {metric: scores[METRICS.index(metric)] for metric in METRICS if metric in metrics}


def count_frames(samples: int, window: int, hop: int) -> int:
    """Return museval's number of frames."""
    return (samples - window + hop) // hop if window < samples else 1


def _check_shapes(references: Audio, estimates: Audio) -> None:
    shapes = [tuple(audio.shape) for audio in (references, estimates)]
    if any(len(shape) != 3 for shape in shapes):
        raise ValueError(f"audio must be (sources, channels, samples), but the shapes are {shapes}")
    if shapes[0][:2] != shapes[1][:2]:
        samples = shapes[0][2]
        raise ValueError(SHAPES_DIFFER.format(*((shape[0], samples, shape[1]) for shape in shapes)))


def _find_filters(track: Track, frame: int, taps: int, metrics: set[Metric]) -> Spectra:
    sources = len(track.read(0, 1)[0])
    correlations = correlate(track, taps)
    with limit_torch_threads(SOLVER_THREADS):
        filters = solve_filters(correlations, sources, bool(metrics & JOINT))
        return transform_filters(filters, frame)


def _read_frames(track: Track, window: int, hop: int) -> Iterator[list[Piece]]:
    """Read the frames, a few at a time."""
    starts = [frame * hop for frame in range(count_frames(track.samples, window, hop))]
    for first in range(0, len(starts), FRAMES_AT_ONCE):
        yield [
            track.read(start, min(start + window, track.samples))
            for start in starts[first : first + FRAMES_AT_ONCE]
        ]


def _always(_: Piece) -> bool:
    return True


def _all_sound(piece: Piece) -> bool:
    return all(map(is_sounding, piece))


def _score_frames(
    pieces: list[Piece],
    filters: Spectra | None,
    device: torch.device,
    counts: Callable[[Piece], bool],
) -> NDArray[np.float64]:
    """Return dB (metrics, sources, frames), NaN in a frame that does not count.

    ISR, SIR and SAR are NaN where there are no filters for them.
    """
    scores = np.full((len(METRICS), len(pieces[0][0]), len(pieces)), np.nan)
    sounding = [i for i, piece in enumerate(pieces) if counts(piece)]
    if sounding:
        samples = pieces[0][0].shape[-1] if filters is None else filters.fft_size
        references, estimates = (
            _stack_padded([pieces[i][part] for i in sounding], samples, device) for part in (0, 1)
        )
        ratios = measure_plain(references, estimates)
        if filters is not None:
            ratios |= measure_filtered(references, estimates, filters)
        for metric, ratio in ratios.items():
            scores[METRICS.index(metric)][:, sounding] = _to_decibels(*ratio).T
    return scores


def _stack_padded(frames: list[Audio], samples: int, device: torch.device) -> torch.Tensor:
    """Return float64 (frames, sources, channels, samples), zeros at the end, in one pass."""
    stacked = torch.empty(
        (len(frames), *frames[0].shape[:2], samples), dtype=torch.float64, device=device
    )
    for row, frame in zip(stacked, frames, strict=True):
        row[..., : frame.shape[-1]] = to_tensor(frame)
        row[..., frame.shape[-1] :] = 0
    return stacked


def _to_decibels(wanted: torch.Tensor, unwanted: torch.Tensor) -> NDArray[np.float64]:
    above, below = wanted.cpu().numpy(), unwanted.cpu().numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(below == 0, np.inf, 10 * np.log10(above / below))
