"""What is compared with what: the protocols `joint` and `per_target` (DESIGN, Contracts)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from iass.foundation import config
from iass.scoring.bss_eval import METRICS, Metric
from iass.scoring.energies import Energies, Flags, Values
from iass.scoring.engines import Engine, NotScorableError
from iass.scoring.frames import FrameGrid
from iass.scoring.song import Signal, Song, read_together, subtract

NO_VALUE = "the engine gives no value in this frame"


@dataclass(frozen=True)
class Comparison:
    """Sources that are scored together; the first of them are `targets` of the song (indices)."""

    targets: Sequence[int]
    references: Sequence[Signal]
    estimates: Sequence[Signal]
    metrics: Sequence[Metric]


class ScoringProtocol(Protocol):
    """Says which sources meet; both methods speak of targets by index.

    References that never sound are in no comparison: they explain nothing of an estimate.
    """

    def compare(self, song: Song, whole: Energies) -> Iterator[Comparison]:
        """Yield the comparisons of a song; `whole` are the energies of all of it."""

    def find_silent_others(self, frames: Energies, target: int, metric: str) -> Flags:
        """Return (frames,): where a source is silent that museval scores with the target."""


class Joint:
    """All targets of a track together, as museval does it for MUSDB18."""

    def compare(self, song: Song, whole: Energies) -> Iterator[Comparison]:
        """Yield one comparison of all targets that sound."""
        targets = [i for i in range(len(song.targets)) if whole.reference[i] > 0]
        references, estimates = (
            [side[i] for i in targets] for side in (song.references, song.estimates)
        )
        yield Comparison(targets, references, estimates, METRICS)

    def find_silent_others(self, frames: Energies, target: int, metric: str) -> Flags:
        """Return where any reference or estimate of the track is silent."""
        sounds = frames.reference_sounds & frames.estimate_sounds
        return np.logical_not(sounds.all(axis=0))


class PerTarget:
    """Each target that sounds by itself.

    SDR and ISR come from the target alone. SIR and SAR come from the references (target,
    mixture - target) with the estimates (estimate, mixture - target), first row only: what is left
    of the mixture stands for the other sources, so that sets with different stems compare.
    """

    def compare(self, song: Song, whole: Energies) -> Iterator[Comparison]:
        """Yield two comparisons for each target."""
        mixture = song.mixture
        if mixture is None:
            raise ValueError("the protocol per_target needs the mixture")
        for i, (reference, estimate) in enumerate(
            zip(song.references, song.estimates, strict=True)
        ):
            if whole.reference[i] == 0:
                continue
            rest = [subtract(mixture, reference)] if whole.input_error[i] > 0 else []
            yield Comparison([i], [reference], [estimate], ("SDR", "ISR"))
            yield Comparison([i], [reference, *rest], [estimate, *rest], ("SIR", "SAR"))

    def find_silent_others(self, frames: Energies, target: int, metric: str) -> Flags:
        """Return where the rest of the mixture is silent, for the metrics that it enters."""
        sounds: Flags = frames.rest_sounds[target]
        return ~sounds if metric in ("SIR", "SAR") else np.zeros_like(sounds)


PROTOCOLS: dict[config.Protocol, ScoringProtocol] = {"joint": Joint(), "per_target": PerTarget()}


@dataclass(frozen=True)
class Outcome:
    """Values of one metric of one target, dB (frames,), and why those are NaN that are NaN."""

    values: Values
    reason: str


def run_comparisons(
    comparisons: Iterator[Comparison],
    samples: int,
    grid: FrameGrid,
    engine: Engine,
    wanted: Sequence[str],
) -> dict[tuple[int, str], Outcome]:
    """Return the outcome of every (target, metric) that is wanted and compared."""
    outcomes: dict[tuple[int, str], Outcome] = {}
    for comparison in comparisons:
        metrics = [metric for metric in comparison.metrics if metric in wanted]
        if metrics and comparison.targets:
            outcomes |= _run_comparison(comparison, samples, grid, engine, metrics)
    return outcomes


def _run_comparison(
    comparison: Comparison,
    samples: int,
    grid: FrameGrid,
    engine: Engine,
    metrics: Sequence[Metric],
) -> dict[tuple[int, str], Outcome]:
    keys = [(target, metric) for target in comparison.targets for metric in metrics]
    read = read_together(comparison.references, comparison.estimates)
    try:
        scores = engine(read, samples, grid, metrics)
    except NotScorableError as error:
        nothing = np.full(len(grid.list_frames(samples)), np.nan)
        return dict.fromkeys(keys, Outcome(nothing, str(error)))
    return {
        (target, metric): Outcome(scores[metric][row], NO_VALUE)
        for row, target in enumerate(comparison.targets)
        for metric in metrics
    }
