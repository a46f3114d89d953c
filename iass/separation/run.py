"""The step `separate`: one method on one shard of a data set's test tracks."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from iass.foundation.audio import CHANNEL_COUNT, Channels, check_finite, write_wav
from iass.foundation.config import MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file, replace_file, write_json
from iass.foundation.method import Activity, BaseMethod, Estimate, Trained
from iass.foundation.plugins import load_method
from iass.foundation.progress import show_progress
from iass.preparation.manifest import Track, read_manifest
from iass.separation.kinds import TrackView, separate_song

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

    `models` maps targets to model folders; `code` is the hash of the code that runs.
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


def select_shard(tracks: Sequence[Track], shard: int, shards: int) -> list[Track]:
    """Return the tracks of one shard, a fixed hash of the track id: adding tracks moves none."""
    return [track for track in tracks if _hash_id(track.id) % shards == shard]


def separate_shard(job: SeparationJob, output: Path, activity: Path) -> None:
    """Write <output>/<track>/<target>.wav, <output>/run.json and the predicted activity.

    UserError names the method and the track where an estimate has a wrong shape or is not finite.
    """
    manifest = read_manifest(job.manifest)
    method = load_method(job.method, job.entry)
    models = _load_models(method, job.models)
    tracks = select_shard(manifest.select("test"), job.shard, job.shards)
    predicted = []
    for track in show_progress(tracks, f"{job.method}: separate", len(tracks)):
        song = TrackView(job.manifest, manifest, track, job.channels, tuple(job.targets), models)
        estimates = separate_song(method, song)
        _check_estimates(job, track, estimates, (CHANNEL_COUNT[job.channels], track.samples))
        for target, estimate in estimates.items():
            write_wav(output / track.id / f"{target}.wav", estimate.audio, track.rate_hz)
            if estimate.activity:
                predicted.append(_tabulate(estimate.activity, track.id, target))
    write_activity(activity, predicted, manifest.dataset, job.method, job.seed)
    write_json(output / "run.json", describe_run(job))


def describe_run(job: SeparationJob) -> dict[str, Any]:
    """Return what the estimates depend on, without dates or machine names; shards agree on it."""
    return {
        "method": job.method,
        "entry": job.entry.model_dump(mode="json", exclude={"env", "train"}),
        "seed": job.seed,
        "channels": job.channels,
        "targets": list(job.targets),
        "code": job.code,
        "manifest": hash_file(job.manifest),
        "models": {t: hash_file(path / "model.safetensors") for t, path in job.models.items()},
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


def _load_models(method: BaseMethod, folders: Mapping[str, Path]) -> dict[str, Any]:
    if not isinstance(method, Trained):
        return {}
    return {target: method.load(folder) for target, folder in folders.items()}


def _check_estimates(
    job: SeparationJob, track: Track, estimates: Mapping[str, Estimate], shape: tuple[int, int]
) -> None:
    where = f"{job.method} on '{track.id}'"
    if set(estimates) != set(job.targets):
        raise UserError(f"{where} gave {sorted(estimates)}, asked were {sorted(job.targets)}.")
    for target, estimate in estimates.items():
        if estimate.audio.shape != shape or estimate.audio.dtype != np.float32:
            raise UserError(
                f"{where} gave '{target}' as {estimate.audio.dtype} {estimate.audio.shape}; the "
                f"mixture is float32 {shape}, and so must be the estimate."
            )
        check_finite(estimate.audio, f"{where}: the estimate of '{target}'")


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
