"""From cut excerpts and the score table to the songs of the listening page."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iass.reporting.context import HEARD, Context, select_mask, select_scores
from iass.reporting.listen.content import Clip, Curve, Frame, Method, Song, Target
from iass.reporting.listen.cut import match_level
from iass.reporting.listen.records import (
    MIXTURE,
    Estimates,
    Place,
    Record,
    References,
    clip_path,
    read_record,
)
from iass.reporting.style import label_name
from iass.scoring.table import ERRATUM, TRAINED_ON

PERFECT = "the estimate equals the reference"
_TIME_DIGITS = 6  # the same for all rows, whatever a subtraction leaves behind them


@dataclass(frozen=True)
class Source:
    """Where the excerpts of one experiment's data set lie, and their SDR.

    `made` are the folders of methods and shards with what is in them; `scores` the rows of SDR.
    """

    context: Context
    folder: Path
    references: References
    made: Sequence[tuple[Path, Estimates]]
    scores: pd.DataFrame


def open_sources(
    contexts: Iterable[Context], folders: Iterable[Path], scores: pd.DataFrame
) -> list[Source]:
    """Return the sources of a page in the order of the contexts; `folders` are of both steps.

    UserError names a broken file.
    """
    records = [(folder, read_record(folder)) for folder in folders]
    return [
        Source(
            context,
            folder,
            record,
            [(f, r) for f, r in records if isinstance(r, Estimates) and _belongs(r, context)],
            select_sdr(scores, context),
        )
        for context in contexts
        for folder, record in records
        if isinstance(record, References) and _belongs(record, context)
    ]


def select_sdr(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return the rows of SDR of a context, in the order of their frames."""
    rows = select_mask(select_scores(scores, context))
    return rows[rows["metric"] == "SDR"].sort_values("frame_s")


def build_song(source: Source, place: Place) -> Song:
    """Return a song with its clips in memory."""
    context = source.context
    made = [(folder, record) for folder, record in source.made if place.id in record.tracks]
    rows = source.scores[source.scores["track"] == place.id]
    heard = set(rows.loc[_mark_heard(rows), "method"])
    return Song(
        id=f"{context.experiment}/{context.dataset}/{place.id}",
        title=place.title,
        artist=place.artist,
        dataset=context.dataset,
        experiment=context.experiment,
        licence=place.licence,
        start_s=place.start / place.rate_hz,
        seconds=place.samples / place.rate_hz,
        window_s=context.window_s,
        targets=tuple(Target(target, label_name(target)) for target in context.targets),
        methods=tuple(
            Method(name, label_name(name) + HEARD * (name in heard), context.kinds[name])
            for name in context.methods
            if any(record.method == name for _, record in made)
        ),
        clips=_read_references(source, place) | _read_estimates(made, place),
        mixture_gains_db={
            target: match_level(place.mixture_db, level) for target, level in place.levels.items()
        },
        labels=place.labels,
        activity=_find_activity(made, place),
        sdr={
            f"{target}/{record.method}": list_frames(_select(rows, record, target), place, context)
            for _, record in made
            for target in record.tracks[place.id]
        },
        marks=tuple(_write_marks(place, sorted(map(label_name, heard)))),
    )


def list_frames(rows: pd.DataFrame, place: Place, context: Context) -> tuple[Frame, ...]:
    """Return the SDR of the frames that lie wholly in an excerpt, from its start.

    A track that is scored by no frame has one frame without a value, and the reason.
    """
    if rows["frame_s"].isna().all():
        return tuple(Frame(0.0, None, reason) for reason in rows["reason"][:1])
    start_s, stop_s = place.start / place.rate_hz, (place.start + place.samples) / place.rate_hz
    slack_s = 0.5 / place.rate_hz
    first, last = start_s - slack_s, stop_s - context.window_s + slack_s
    inside = rows[rows["frame_s"].between(first, last)]
    frames = zip(inside["frame_s"], inside["value"], inside["reason"], strict=True)
    return tuple(_describe_frame(time_s - start_s, value, why) for time_s, value, why in frames)


def _describe_frame(time_s: float, value: float, reason: str) -> Frame:
    start_s = max(0.0, round(time_s, _TIME_DIGITS))
    if math.isfinite(value):
        return Frame(start_s, value)
    return Frame(start_s, None, reason or PERFECT)


def _belongs(record: Record, context: Context) -> bool:
    return (record.experiment, record.dataset) == (context.experiment, context.dataset)


def _mark_heard(rows: pd.DataFrame) -> "pd.Series[bool]":
    return rows["flags"].str.split().map(lambda flags: TRAINED_ON in flags).astype(bool)


def _write_marks(place: Place, heard: Sequence[str]) -> Iterable[str]:
    faults = [flag.removeprefix(ERRATUM) for flag in place.flags if flag.startswith(ERRATUM)]
    if faults:
        yield f"Known fault of this song, in: {', '.join(faults)}."
    if heard:
        yield f"{HEARD}: {', '.join(heard)} learned from this song, so its numbers are too good."


def _read_references(source: Source, place: Place) -> dict[str, Clip]:
    names = {MIXTURE: MIXTURE} | {f"{target}/reference": target for target in place.levels}
    return {
        key: Clip(clip_path(source.folder, place.id, name).read_bytes())
        for key, name in names.items()
    }


def _read_estimates(made: Sequence[tuple[Path, Estimates]], place: Place) -> dict[str, Clip]:
    return {
        f"{target}/{record.method}": Clip(
            clip_path(folder, place.id, target).read_bytes(), one.gain_db
        )
        for folder, record in made
        for target, one in record.tracks[place.id].items()
    }


def _find_activity(made: Sequence[tuple[Path, Estimates]], place: Place) -> dict[str, Curve]:
    found = {
        f"{target}/{record.method}": one.activity
        for _, record in made
        for target, one in record.tracks[place.id].items()
    }
    return {key: curve for key, curve in found.items() if curve}


def _select(rows: pd.DataFrame, record: Estimates, target: str) -> pd.DataFrame:
    """Return the rows of a method's seed, or of all where it learns nothing."""
    of_method = rows[(rows["method"] == record.method) & (rows["target"] == target)]
    return of_method if record.seed is None else of_method[of_method["seed"] == record.seed]
