"""The step `excerpts`: cut what a method made of the chosen excerpts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from iass.foundation.audio import FloatArray, stream_audio
from iass.foundation.errors import UserError
from iass.reporting.listen.content import Curve
from iass.reporting.listen.cut import cut_curve, match_level, measure_level, write_clip
from iass.reporting.listen.records import (
    Estimates,
    Made,
    Place,
    References,
    clip_path,
    read_record,
    write_record,
)


@dataclass(frozen=True)
class ExcerptJob:
    """One method's estimates of one shard. `seed` is None for methods that learn nothing.

    `references` is the folder of the step before; `quality` is LAME's.
    """

    method: str
    seed: int | None
    references: Path
    estimates: Path
    activity: Path
    targets: Sequence[str]
    quality: int


def cut_estimates(job: ExcerptJob, output: Path) -> None:
    """Write the excerpts of a shard's estimates. UserError if one is not as long as its song.

    A target of which there is no estimate has no clip; a shard without a chosen track has none.
    """
    found = read_record(job.references)
    if not isinstance(found, References):
        raise UserError(f"{job.references} holds estimates; give the folder of the references.")
    here = [place for place in found.places if (job.estimates / place.id).is_dir()]
    record = Estimates(
        experiment=found.experiment,
        dataset=found.dataset,
        method=job.method,
        seed=job.seed,
        tracks={place.id: _cut_track(job, place, output) for place in here},
    )
    write_record(output, record)


def _cut_track(job: ExcerptJob, place: Place, output: Path) -> dict[str, Made]:
    predicted = pd.read_parquet(job.activity, filters=[("track", "==", place.id)])
    files = {target: job.estimates / place.id / f"{target}.wav" for target in job.targets}
    return {
        target: Made(
            gain_db=_cut_clip(
                file, place, target, clip_path(output, place.id, target), job.quality
            ),
            activity=_cut_activity(predicted[predicted["target"] == target], place),
        )
        for target, file in files.items()
        if file.is_file()
    }


def _cut_clip(file: Path, place: Place, target: str, output: Path, quality: int) -> float:
    """Write a clip and return the gain that makes it as loud as its reference."""
    audio = _read_part(file, place)
    write_clip(output, audio, place.rate_hz, quality)
    return match_level(measure_level(audio), place.levels.get(target))


def _read_part(file: Path, place: Place) -> FloatArray:
    with stream_audio(file) as stream:
        if stream.info.rate_hz != place.rate_hz:
            raise UserError(
                f"{file} has {stream.info.rate_hz} Hz, its song {place.rate_hz} Hz; separate it "
                "again."
            )
        return stream.read(place.start, place.start + place.samples)


def _cut_activity(predicted: pd.DataFrame, place: Place) -> Curve | None:
    """Return the predicted activity of a target; None where none, or no number, is predicted."""
    curve = predicted["probability"].to_numpy(np.float64)
    if len(curve) < 2 or not np.isfinite(curve).all():
        return None
    hop = float(predicted["frame_s"].iloc[1]) * place.rate_hz
    return cut_curve(curve, hop, place.start, place.samples, place.rate_hz)
