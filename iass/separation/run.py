"""The step `separate`: one method on one shard of a data set's test tracks."""

import hashlib
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iass.foundation.audio import Channels, open_wav
from iass.foundation.config import MethodEntry
from iass.foundation.files import replace_file, write_json
from iass.foundation.method import Activity, BaseMethod, Pretrained, Trained
from iass.foundation.plugins import load_method
from iass.foundation.progress import show_progress
from iass.foundation.provenance import ENVIRONMENT, describe_step
from iass.preparation.data_hash import hash_data
from iass.preparation.manifest import Manifest, Track, read_manifest
from iass.preparation.weights import WeightFile, read_receipt
from iass.separation.blocks import plan_song, separate_blocks, write_estimates
from iass.separation.kinds import Song, open_track
from iass.separation.origin import describe_models, describe_trainings
from iass.separation.trained import load_trained

ACTIVITY_COLUMNS = (
    "dataset",
    "method",
    "seed",
    "track",
    "target",
    "frame_s",
    "probability",
    "gate",
)


@dataclass(frozen=True)
class SeparationJob:
    """One method on one shard. `seed` is None for methods that learn nothing.

    `models` maps targets to model folders; `code` is the hash of the code that runs; `weights` is
    the receipt of published weights, for methods that have them.
    """

    method: str
    entry: MethodEntry
    seed: int | None
    manifest: Path
    targets: Sequence[str]
    channels: Channels
    shard: int
    shards: int
    models: Mapping[str, Path]
    code: str
    weights: Path | None = None


def select_shard(tracks: Sequence[Track], shard: int, shards: int) -> list[Track]:
    """Return the tracks of one shard, a fixed hash of the track id: adding tracks moves none."""
    return [track for track in tracks if _hash_id(track.id) % shards == shard]


def separate_shard(job: SeparationJob, output: Path, activity: Path) -> None:
    """Write <output>/<track>/<target>.wav, <output>/run.json and the predicted activity.

    What differs from machine to machine goes to <output>/environment.json alone.
    UserError names the method and the track where an estimate has a wrong shape or is not finite.
    """
    manifest = read_manifest(job.manifest)
    method = load_method(job.method, job.entry)
    models = _load_models(method, job)
    tracks = select_shard(manifest.select("test"), job.shard, job.shards)
    predicted = []
    for track in show_progress(tracks, f"{job.method}: separate", len(tracks)):
        with open_track(job.manifest, manifest, track, job.channels, job.targets, models) as song:
            found = _separate_song(method, song, output / track.id, f"{job.method} on '{track.id}'")
        predicted += [_tabulate(curve, track.id, target) for target, curve in found.items()]
    write_activity(activity, predicted, manifest.dataset, job.method, job.seed)
    write_json(output / "run.json", describe_run(job, manifest))
    trained = describe_trainings(job.models)
    write_json(output / ENVIRONMENT, {"separated": describe_step(), "trained": trained})


def _separate_song(method: BaseMethod, song: Song, folder: Path, where: str) -> dict[str, Activity]:
    """Write one file per target, all at the end or none, and return the predicted activity."""
    shape = (song.mixture.channels, song.mixture.samples)
    with ExitStack() as stack:
        files = {
            target: stack.enter_context(
                open_wav(folder / f"{target}.wav", shape, song.mixture.rate_hz)
            )
            for target in song.targets
        }
        parts = separate_blocks(method, song, plan_song(method, song), where)
        return write_estimates(parts, files)


def describe_run(job: SeparationJob, manifest: Manifest) -> dict[str, Any]:
    """Return what the estimates depend on, without dates or machine names; shards agree on it."""
    return {
        "dataset": manifest.dataset,
        "data": hash_data(manifest, "test"),
        "method": job.method,
        "entry": job.entry.model_dump(mode="json", exclude={"env", "train"}),
        "seed": job.seed,
        "channels": job.channels,
        "targets": list(job.targets),
        "code": job.code,
        "models": describe_models(job.models, _read_weights(job)),
    }


def write_activity(
    path: Path, tables: Sequence[pd.DataFrame], dataset: str, method: str, seed: int | None
) -> None:
    """Write the predicted activity of a run as a tidy table; no rows where none is predicted."""
    table = pd.concat(tables) if tables else pd.DataFrame(columns=list(ACTIVITY_COLUMNS))
    table = table.assign(
        dataset=dataset, method=method, seed=pd.array([seed] * len(table), "Int64")
    )
    with replace_file(path) as temporary:
        table[list(ACTIVITY_COLUMNS)].to_parquet(temporary, index=False)


def _load_models(method: BaseMethod, job: SeparationJob) -> Mapping[str, Any]:
    if isinstance(method, Trained):
        return load_trained(method, job.entry, job.models)
    if isinstance(method, Pretrained):
        return method.load({name: file.path for name, file in _read_weights(job).items()})
    return {}


def _read_weights(job: SeparationJob) -> Mapping[str, WeightFile]:
    return read_receipt(job.weights).files if job.weights else {}


def _tabulate(activity: Activity, track: str, target: str) -> pd.DataFrame:
    times = np.arange(len(activity.probability)) * activity.hop_s
    return pd.DataFrame(
        {
            "track": track,
            "target": target,
            "frame_s": times,
            "probability": activity.probability,
            "gate": activity.gate,
        }
    )


def _hash_id(track_id: str) -> int:
    return int.from_bytes(hashlib.sha256(track_id.encode("utf-8")).digest()[:8], "big")
