"""BSSEval v4, image metrics, one 512-tap filter per track, by one of two engines.

Stöter, Liutkus, Ito: The 2018 Signal Separation Evaluation Campaign. `exact` is ours, with
museval's numbers in a fraction of its time; `museval` is museval itself, the reference.
"""

import warnings
from collections.abc import Sequence
from typing import Protocol

import numpy as np

from iass.foundation.config import EngineName
from iass.foundation.stand_ins import import_museval
from iass.scoring.bss_eval import METRICS, Metric, Read, Scores, evaluate_blocks
from iass.scoring.frames import FrameGrid

SINGULAR = "museval cannot solve for the filters of these references; score with engine exact"


class NotScorableError(Exception):
    """The engine gives no value for any frame of the set; says why in its own words."""


class Engine(Protocol):
    """Scores sources against each other, all of a set together.

    `read(start, stop)` gives references and estimates, each (sources, channels, samples). Returns
    the metrics asked for, dB (sources, frames), NaN where the engine gives no value.
    NotScorableError in the engine's words where it scores nothing of the set.
    """

    def __call__(
        self, read: Read, samples: int, grid: FrameGrid, metrics: Sequence[Metric]
    ) -> Scores:
        """Score one set of sources."""


def score_exactly(
    read: Read,
    samples: int,
    grid: FrameGrid,
    metrics: Sequence[Metric],
    *,
    device: str = "cpu",
    threads: int | None = None,
) -> Scores:
    """Score with our own engine, piece by piece; also frames in which a source is silent."""
    return evaluate_blocks(
        read,
        samples,
        window=grid.window,
        hop=grid.hop,
        device=device,
        threads=threads,
        metrics=metrics,
        score_silence=True,
    )


def score_with_museval(
    read: Read, samples: int, grid: FrameGrid, metrics: Sequence[Metric]
) -> Scores:
    """Score with museval, without the ffmpeg that its import asks for.

    It computes all metrics, needs the whole song in memory, and gives no value in a frame in which
    any source is silent.
    """
    audio = [part.transpose(0, 2, 1) for part in map(np.asarray, read(0, samples))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # 0/0 in frames that become NaN
        try:
            values = import_museval().evaluate(*audio, win=grid.window, hop=grid.hop)
        except ValueError as error:
            raise NotScorableError(" ".join(str(error).split())) from None
        except AttributeError:  # its way out of a singular system looks for np.linalg.linalg
            raise NotScorableError(SINGULAR) from None
    named = dict(zip(METRICS, values, strict=True))
    return {metric: np.asarray(named[metric]) for metric in metrics}


ENGINES: dict[EngineName, Engine] = {"exact": score_exactly, "museval": score_with_museval}
