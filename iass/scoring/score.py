"""The scoring of one song: all metrics, under both masks; a missing value has its reason."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from iass.scoring import bss_eval
from iass.scoring.dialects import OF_FRAMES, OF_MIXTURE, OF_SONGS
from iass.scoring.energies import Energies, Values, measure_energies
from iass.scoring.engines import Engine
from iass.scoring.frames import FrameGrid
from iass.scoring.masks import MASKS, NO_MASK, RULES, Mask, Reasons
from iass.scoring.protocols import Outcome, ScoringProtocol, run_comparisons
from iass.scoring.song import Song
from iass.scoring.table import TAIL, Score

COVERAGE = "coverage"
FRAME_METRICS = (*bss_eval.METRICS, *OF_FRAMES)
SONG_METRICS = (*OF_SONGS, COVERAGE)
METRICS = (*FRAME_METRICS, *SONG_METRICS)

ABSENT = "the target does not sound in this track"
NO_RATIO = "the equation has no value here: zero over zero"
NOTHING_LEAKS = "the target sounds in every window, or mixture and estimate are silent elsewhere"


@dataclass(frozen=True)
class Measured:
    """What is known before masks are applied; `whole` are the metrics of songs, (targets,)."""

    song: Song
    grid: FrameGrid
    protocol: ScoringProtocol
    frames: Energies
    outcomes: Mapping[tuple[int, str], Outcome]
    whole: Mapping[str, Values]
    is_absent: Sequence[bool]


def score_song(
    song: Song,
    grid: FrameGrid,
    protocol: ScoringProtocol,
    engine: Engine,
    metrics: Sequence[str] = METRICS,
) -> list[Score]:
    """Score a song by the metrics asked for.

    A target that never sounds has its leakage and, for all else, NaN with the reason; so has a
    target without a usable estimate. Metrics that ask for the mixture are left out without one.
    """
    known = [m for m in metrics if song.mixture is not None or m not in OF_MIXTURE]
    measured = _measure(song, grid, protocol, engine, known)
    return [
        score
        for target in range(len(song.targets))
        for metric in known
        for score in _score_metric(measured, target, metric)
    ]


def _measure(
    song: Song, grid: FrameGrid, protocol: ScoringProtocol, engine: Engine, metrics: Sequence[str]
) -> Measured:
    frames, tiles = _measure_spans(song, grid)
    whole = tiles.total()
    comparisons = protocol.compare(song, whole)
    outcomes = run_comparisons(comparisons, song.samples, grid, engine, metrics)
    for metric, compute in OF_FRAMES.items():
        rows = enumerate(compute(frames))
        outcomes |= {(target, metric): Outcome(values, NO_RATIO) for target, values in rows}
    songs = {metric: compute(tiles)[:, 0] for metric, compute in OF_SONGS.items()}
    is_absent = list(whole.reference[:, 0] == 0)
    return Measured(song, grid, protocol, frames, outcomes, songs, is_absent)


def _measure_spans(song: Song, grid: FrameGrid) -> tuple[Energies, Energies]:
    """Return the energies of frames and of tiles; a span that is both is measured once."""
    frames, tiles = grid.list_frames(song.samples), grid.list_tiles(song.samples)
    spans = sorted({*frames, *tiles})
    energies = measure_energies(song, spans)
    place = {span: index for index, span in enumerate(spans)}
    return (
        energies.select([place[span] for span in frames]),
        energies.select([place[span] for span in tiles]),
    )


def _score_metric(measured: Measured, target: int, metric: str) -> Iterator[Score]:
    name = measured.song.targets[target]
    reason = measured.song.unscorable.get(name, "")
    if measured.is_absent[target] and metric != "leakage":
        reason = reason or ABSENT
    if metric in OF_SONGS:
        yield _score_whole(measured, target, metric, reason)
        return
    for mask in MASKS:
        if reason:
            yield Score(name, metric, mask, np.nan, np.nan, reason)
        elif metric == COVERAGE:
            reasons = _explain(measured, target, "SDR", mask)
            yield Score(name, metric, mask, np.nan, float(np.mean(reasons == "")), "")
        else:
            yield from _score_frames(measured, target, metric, mask)


def _score_whole(measured: Measured, target: int, metric: str, reason: str) -> Score:
    value = np.nan if reason else float(measured.whole[metric][target])
    if np.isnan(value):
        reason = reason or (NOTHING_LEAKS if metric == "leakage" else NO_RATIO)
    return Score(measured.song.targets[target], metric, NO_MASK, np.nan, value, reason)


def _score_frames(measured: Measured, target: int, metric: str, mask: Mask) -> Iterator[Score]:
    name, grid, samples = measured.song.targets[target], measured.grid, measured.song.samples
    outcome = measured.outcomes[target, metric]
    reasons = _explain(measured, target, metric, mask)
    reasons[(reasons == "") & np.isnan(outcome.values)] = outcome.reason
    values = np.where(reasons == "", outcome.values, np.nan)
    frames = grid.list_frames(samples)
    for (start, _), value, reason in zip(frames, values, reasons, strict=True):
        yield Score(name, metric, mask, grid.seconds(start), float(value), reason)
    if grid.has_tail(samples):
        yield Score(name, metric, mask, grid.seconds(frames[-1][1]), np.nan, TAIL)


def _explain(measured: Measured, target: int, metric: str, mask: Mask) -> Reasons:
    others = measured.protocol.find_silent_others(measured.frames, target, metric)
    return RULES[mask](measured.frames, target, others, metric)
