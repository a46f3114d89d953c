"""The step `score`: one method's estimates of one shard become rows of the score table."""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from iass.foundation.audio import Channels, FloatArray, mix_channels, read_audio
from iass.foundation.code import hash_code
from iass.foundation.config import Protocol, Scoring
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file, hash_text, read_json, write_json
from iass.foundation.progress import show_progress
from iass.foundation.provenance import ENVIRONMENT, describe_packages, describe_step
from iass.preparation.activity import read_track_labels
from iass.preparation.manifest import Manifest, Track, read_manifest
from iass.preparation.overlap import read_heard_tracks
from iass.preparation.tracks import read_mixture, read_reference
from iass.scoring.activity import ACTIVITY_METRICS, score_track_activity
from iass.scoring.engines import ENGINES
from iass.scoring.finished import keep_finished
from iass.scoring.frames import FrameGrid
from iass.scoring.masks import NO_MASK
from iass.scoring.protocols import PROTOCOLS
from iass.scoring.score import score_song
from iass.scoring.song import Song, hold_song
from iass.scoring.table import TRAINED_ON, Score, concatenate, tabulate_scores, write_scores
from iass.separation.run import select_shard

UNDEFINED = "no frame to divide by: the target never plays, always plays or is never predicted"
PACKAGES = ("museval", "numpy", "scikit-learn", "scipy", "torch")
"""Packages whose versions decide a track's rows: another version scores it anew."""


@dataclass(frozen=True)
class ScoringJob:
    """One method's estimates on one shard. `work` keeps finished tracks between runs."""

    experiment: str
    method: str
    seed: int | None
    manifest: Path
    labels: Path
    estimates: Path
    activity: Path
    targets: Sequence[str]
    channels: Channels
    protocol: Protocol
    scoring: Scoring
    shard: int
    shards: int
    code: str
    work: Path
    provenance: Path
    overlap: Sequence[Path] = ()
    """Receipts of the leakage guard, none for a method that learns nothing."""


def score_shard(job: ScoringJob, output: Path) -> None:
    """Write the score table of a shard. A track that cannot be scored has NaN with the reason."""
    manifest = read_manifest(job.manifest)
    run_id = _write_provenance(job)
    tracks = select_shard(_flag_heard(manifest.select("test"), job), job.shard, job.shards)
    tables = [
        _score_track(job, manifest, track).assign(run_id=run_id)
        for track in show_progress(tracks, f"{job.method}: score", len(tracks))
    ]
    write_scores(output, concatenate(tables))


def _flag_heard(tracks: Sequence[Track], job: ScoringJob) -> list[Track]:
    """Return the tracks; those that the method was trained on say so, and so will their scores."""
    heard = {track for receipt in job.overlap for track in read_heard_tracks(receipt)}
    return [
        track.model_copy(update={"flags": [*track.flags, TRAINED_ON]})
        if track.id in heard
        else track
        for track in tracks
    ]


def _score_track(job: ScoringJob, manifest: Manifest, track: Track) -> pd.DataFrame:
    separation = keep_finished(
        job.work,
        _hash_content(job, manifest, track),
        lambda: _tabulate(job, manifest, track, _score_separation(job, manifest, track)),
    )
    return concatenate([separation, _tabulate(job, manifest, track, _score_activity(job, track))])


def _score_separation(job: ScoringJob, manifest: Manifest, track: Track) -> list[Score]:
    window, hop = (int(s * track.rate_hz) for s in (job.scoring.window_s, job.scoring.hop_s))
    return score_song(
        _read_song(job, manifest, track),
        FrameGrid(window, hop, track.rate_hz),
        PROTOCOLS[job.protocol],
        ENGINES[job.scoring.engine],
    )


def _score_activity(job: ScoringJob, track: Track) -> list[Score]:
    """Score the predicted activity; no rows for a method that predicts none."""
    predicted = pd.read_parquet(job.activity, filters=[("track", "==", track.id)])
    labels = read_track_labels(job.labels, track.id)
    where = f"{job.method} on '{track.id}'"
    try:
        scores = score_track_activity(predicted, labels, track.rate_hz, where)
    except UserError as error:
        return _refuse_activity(predicted, str(error))
    return [
        Score(target, metric, NO_MASK, math.nan, value, UNDEFINED if math.isnan(value) else "")
        for target, metric, value in scores
    ]


def _refuse_activity(predicted: pd.DataFrame, reason: str) -> list[Score]:
    return [
        Score(str(target), metric, NO_MASK, math.nan, math.nan, reason)
        for target in predicted["target"].unique()
        for metric in ACTIVITY_METRICS
    ]


def _hash_content(job: ScoringJob, manifest: Manifest, track: Track) -> str:
    """Hash all that a track's rows depend on, so that only what is missing is computed."""
    folder = job.estimates / track.id
    estimates = [(path.name, hash_file(path)) for path in sorted(folder.glob("*.wav"))]
    return hash_text(
        repr(
            (
                job.experiment,
                job.method,
                job.seed,
                job.targets,
                job.channels,
                job.protocol,
                job.scoring,
                hash_code("iass.scoring.run"),
                describe_packages(*PACKAGES),
                manifest.model_copy(update={"tracks": [track]}),
                estimates,
            )
        )
    )


def _read_song(job: ScoringJob, manifest: Manifest, track: Track) -> Song:
    mixture = read_mixture(job.manifest, track, job.channels)
    estimates: dict[str, FloatArray] = {}
    unscorable: dict[str, str] = {}
    for target in job.targets:
        try:
            path = job.estimates / track.id / f"{target}.wav"
            estimates[target] = read_estimate(path, track.rate_hz, mixture)
        except UserError as error:
            unscorable[target] = str(error)
    references = {
        target: read_reference(job.manifest, manifest, track, target, job.channels)
        for target in job.targets
    }
    return hold_song(references, estimates, mixture, unscorable)


def read_estimate(path: Path, rate_hz: int, mixture: FloatArray) -> FloatArray:
    """Read an estimate shaped like the mixture (channels, samples).

    UserError if it is missing, broken, not finite, or of another rate or length.
    """
    audio, found_hz = read_audio(path)
    if found_hz != rate_hz:
        raise UserError(f"{path} has {found_hz} Hz, its mixture {rate_hz} Hz; separate it again.")
    if audio.shape[1] != mixture.shape[1]:
        raise UserError(
            f"{path} has {audio.shape[1]} samples, its mixture {mixture.shape[1]}; separate it "
            "again."
        )
    return mix_channels(audio, "mono" if len(mixture) == 1 else "stereo")


def _tabulate(
    job: ScoringJob, manifest: Manifest, track: Track, scores: Sequence[Score]
) -> pd.DataFrame:
    return tabulate_scores(
        scores,
        experiment=job.experiment,
        dataset=manifest.dataset,
        method=job.method,
        seed=job.seed,
        track=track.id,
        protocol=job.protocol,
        flags=" ".join(track.flags),
        run_id="",
    )


def _write_provenance(job: ScoringJob) -> str:
    """Write the sidecars that a run id leads to, and return the id, a hash of the first's content.

    <id>.json says what decides the scores: whoever writes it writes the same bytes. <id>/ says
    where and when, in a file per shard, so that machines that share a run do not overwrite each
    other; of a shard that was done twice the last counts.
    """
    content = {
        "run": read_json(job.estimates / "run.json"),
        "protocol": job.protocol,
        "scoring": job.scoring.model_dump(mode="json"),
        "code": job.code,
    }
    run_id = hash_text(json.dumps(content, sort_keys=True))[:16]
    write_json(job.provenance / f"{run_id}.json", content)
    _write_environment(job, job.provenance / run_id)
    return run_id


def _write_environment(job: ScoringJob, folder: Path) -> None:
    separated = read_json(job.estimates / ENVIRONMENT)
    for stale in set(folder.glob("shard*.json")) - set(folder.glob(f"shard*of{job.shards}.json")):
        stale.unlink(missing_ok=True)  # of a config with another number of shards
    write_json(
        folder / f"shard{job.shard}of{job.shards}.json", separated | {"scored": describe_step()}
    )
