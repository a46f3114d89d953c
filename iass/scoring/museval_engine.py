"""BSSEval v4 by museval itself, without the ffmpeg that its import asks for."""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iass.foundation.stand_ins import import_museval

METRIC_ORDER = ("SDR", "ISR", "SIR", "SAR")  # as museval.evaluate returns them, dB

Frames = dict[str, NDArray[np.float64]]
"""Metric name -> values in dB (sources, frames), NaN where museval gives none."""


@dataclass(frozen=True)
class FrameGrid:
    """Frames of `window` samples every `hop` samples; a shorter last part is dropped."""

    window: int
    hop: int
    rate_hz: int

    def start_s(self, frame: int) -> float:
        """Start of a frame, s."""
        return frame * self.hop / self.rate_hz


def score_frames(
    references: NDArray[np.float32], estimates: NDArray[np.float32], grid: FrameGrid
) -> Frames:
    """Score (sources, channels, samples) against each other, all sources together.

    BSSEval v4, image metrics, one 512-tap filter per track (Stöter, Liutkus, Ito: The 2018 Signal
    Separation Evaluation Campaign). ValueError if a reference or an estimate is silent throughout,
    as museval says it.
    """
    museval = import_museval()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # 0/0 in frames that become NaN
        values = museval.evaluate(
            references.transpose(0, 2, 1),
            estimates.transpose(0, 2, 1),
            win=grid.window,
            hop=grid.hop,
        )
    return dict(zip(METRIC_ORDER, (np.asarray(v) for v in values), strict=True))
