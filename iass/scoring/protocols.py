"""What is compared with what: the protocols `joint` and `per_target` (DESIGN, Contracts)."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iass.foundation import config
from iass.foundation.audio import FloatArray
from iass.scoring.bss_eval import METRICS, Metric
from iass.scoring.engines import Engine, FrameGrid

SILENT_FRAME = "a reference or an estimate that is scored together is silent in this frame"
ABSENT = "the target does not sound in this track"


@dataclass(frozen=True)
class Score:
    """One value in dB of one metric; `frame_s` is NaN for a track that cannot be scored."""

    target: str
    metric: str
    frame_s: float
    value: float
    reason: str


@dataclass(frozen=True)
class Song:
    """What is scored of one track: audio (channels, samples) per target.

    `present` are the targets that sound; `unscorable` gives a reason for a broken estimate.
    """

    mixture: FloatArray
    references: Mapping[str, FloatArray]
    estimates: Mapping[str, FloatArray]
    unscorable: Mapping[str, str]
    present: Sequence[str]


def score_joint(song: Song, grid: FrameGrid, engine: Engine) -> list[Score]:
    """Score all targets of a track together, as museval does for MUSDB18.

    A frame counts only where every reference and every estimate sounds. If one target cannot be
    scored, none can, and the reason is given.
    """
    targets = list(song.references)
    broken = next(iter(song.unscorable.values()), None)
    absent = next((t for t in targets if t not in song.present), None)
    if broken or absent:
        reason = broken or f"joint scoring needs every target, and '{absent}' does not sound"
        return [score for target in targets for score in _undefined(target, METRICS, reason)]
    references = np.stack([song.references[t] for t in targets])
    estimates = np.stack([song.estimates[t] for t in targets])
    return _score_rows(engine, references, estimates, grid, targets, METRICS)


def score_per_target(song: Song, grid: FrameGrid, engine: Engine) -> list[Score]:
    """Score each target that sounds by itself.

    SDR and ISR come from the target alone. SIR and SAR come from the references (target,
    mixture - target) with the estimates (estimate, mixture - target), first row only: what is left
    of the mixture stands for the other sources, so that sets with different stems compare.
    """
    return [
        score for target in song.references for score in _score_target(song, target, grid, engine)
    ]


PROTOCOLS: dict[config.Protocol, Callable[[Song, FrameGrid, Engine], list[Score]]] = {
    "joint": score_joint,
    "per_target": score_per_target,
}


def _score_target(song: Song, target: str, grid: FrameGrid, engine: Engine) -> list[Score]:
    if target in song.unscorable:
        return _undefined(target, METRICS, song.unscorable[target])
    if target not in song.present:
        return _undefined(target, METRICS, ABSENT)
    reference, estimate = song.references[target], song.estimates[target]
    rest = song.mixture - reference
    alone = _score_rows(engine, reference[None], estimate[None], grid, [target], ("SDR", "ISR"))
    pair = (np.stack([reference, rest]), np.stack([estimate, rest]))
    return alone + _score_rows(engine, *pair, grid, [target], ("SIR", "SAR"))


def _score_rows(
    engine: Engine,
    references: NDArray[np.float32],
    estimates: NDArray[np.float32],
    grid: FrameGrid,
    targets: Sequence[str],
    metrics: Sequence[Metric],
) -> list[Score]:
    """Score and name the first len(targets) sources; museval's refusal becomes the reason."""
    try:
        frames = engine(references, estimates, grid, metrics)
    except ValueError as error:
        reason = " ".join(str(error).split())
        return [score for target in targets for score in _undefined(target, metrics, reason)]
    return [
        Score(
            target, metric, grid.start_s(i), float(value), SILENT_FRAME if np.isnan(value) else ""
        )
        for metric in metrics
        for target, row in zip(targets, frames[metric], strict=False)
        for i, value in enumerate(row)
    ]


def _undefined(target: str, metrics: Sequence[str], reason: str) -> list[Score]:
    return [Score(target, metric, float("nan"), float("nan"), reason) for metric in metrics]
