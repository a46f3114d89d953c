"""BSSEval v4, image metrics, one 512-tap filter per track, by one of two engines.

Stöter, Liutkus, Ito: The 2018 Signal Separation Evaluation Campaign. `exact` is ours, with
museval's numbers in a fraction of its time; `museval` is museval itself, the reference.
"""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from iass.foundation.config import EngineName
from iass.foundation.stand_ins import import_museval
from iass.scoring.bss_eval import METRICS, Metric, Scores, evaluate


@dataclass(frozen=True)
class FrameGrid:
    """Frames of `window` samples every `hop` samples; a shorter last part is dropped."""

    window: int
    hop: int
    rate_hz: int

    def start_s(self, frame: int) -> float:
        """Start of a frame, s."""
        return frame * self.hop / self.rate_hz


SINGULAR = "museval cannot solve for the filters of these references; score with engine exact"


class Engine(Protocol):
    """Scores (sources, channels, samples) against each other, all sources together.

    Returns the metrics asked for, dB (sources, frames), NaN in a frame where any source is silent.
    ValueError if a reference or an estimate is silent throughout, as museval says it.
    """

    def __call__(
        self,
        references: NDArray[np.float32],
        estimates: NDArray[np.float32],
        grid: FrameGrid,
        metrics: Sequence[Metric],
    ) -> Scores:
        """Score one set of sources."""


def score_exactly(
    references: NDArray[np.float32],
    estimates: NDArray[np.float32],
    grid: FrameGrid,
    metrics: Sequence[Metric],
) -> Scores:
    """Score with our own engine; filters that no asked metric needs are not computed."""
    return evaluate(references, estimates, window=grid.window, hop=grid.hop, metrics=metrics)


def score_with_museval(
    references: NDArray[np.float32],
    estimates: NDArray[np.float32],
    grid: FrameGrid,
    metrics: Sequence[Metric],
) -> Scores:
    """Score with museval, without the ffmpeg that its import asks for; it computes everything."""
    audio = (references.transpose(0, 2, 1), estimates.transpose(0, 2, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # 0/0 in frames that become NaN
        try:
            values = import_museval().evaluate(*audio, win=grid.window, hop=grid.hop)
        except AttributeError:  # its way out of a singular system looks for np.linalg.linalg
            raise ValueError(SINGULAR) from None
    named = dict(zip(METRICS, values, strict=True))
    return {metric: np.asarray(named[metric]) for metric in metrics}


ENGINES: dict[EngineName, Engine] = {"exact": score_exactly, "museval": score_with_museval}
