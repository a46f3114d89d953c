"""A training set of a few seconds, written as prepare writes it: the bass pauses every other half
second, the noise never."""

from pathlib import Path

import numpy as np

from iass.foundation.audio import Channels, write_wav
from iass.foundation.card import Split
from iass.foundation.config import TrainSettings
from iass.foundation.method import FitJob
from iass.preparation.activity import compute_activity, write_labels
from iass.preparation.manifest import Manifest, Stem, Track, relative_path, write_manifest
from iass.preparation.store import write_store

RATE_HZ = 44100
SPLITS: tuple[Split, ...] = ("train", "train", "train", "valid")


def write_tiny_set(folder: Path, seconds: float = 2.0, stereo: bool = True) -> tuple[Path, Path]:
    """Write manifest and labels; the third song has no bass. Return both paths."""
    manifest, labels, tracks = folder / "manifest.json", {}, []
    for index, split in enumerate(SPLITS):
        stems = render_stems(index, seconds, stereo)
        if index == 2:
            stems.pop("bass")
        tracks.append(write_track(folder, manifest, f"song{index}", split, stems))
        if "bass" in stems:
            labels[(f"song{index}", "bass")] = compute_activity(stems["bass"])
    write_manifest(
        manifest,
        Manifest(
            dataset="tiny",
            protocol="joint",
            targets={"bass": ["bass"], "noise": ["noise"], "flute": ["flute"]},
            mixture_rule="sum",
            tracks=tracks,
        ),
    )
    write_labels(folder / "labels.parquet", labels)
    return manifest, folder / "labels.parquet"


def render_stems(index: int, seconds: float, stereo: bool) -> dict[str, np.ndarray]:
    """Return a low tone that comes and goes, and high noise."""
    rng = np.random.default_rng(index)
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    tone = 0.4 * np.sin(2 * np.pi * (80 + 20 * index) * time) * (time % 1 < 0.5)
    noise = np.diff(rng.normal(size=len(time) + 1)) * 0.05
    pans = np.array([[1.0], [0.5]]) if stereo else np.array([[1.0]])
    return {
        "bass": np.round(pans * tone * 32767).astype(np.int16).astype(np.float32) / 32768,
        "noise": np.round(pans * noise * 32767).astype(np.int16).astype(np.float32) / 32768,
    }


def write_track(
    folder: Path, manifest: Path, name: str, split: Split, stems: dict[str, np.ndarray]
) -> Track:
    """Write stems and store of one song."""
    paths = {stem: folder / name / f"{stem}.wav" for stem in sorted(stems)}
    for stem, path in paths.items():
        write_wav(path, (stems[stem] * 32768).astype(np.int16), RATE_HZ)
    write_store(folder / f"{name}.npy", list(paths.values()))
    return Track(
        id=name,
        title=name,
        artist="nobody",
        split=split,
        targets=sorted(stems),
        stems={
            stem: Stem(
                path=relative_path(path, manifest),
                sha256="",
                rate_hz=RATE_HZ,
                samples=stems[stem].shape[1],
                channels=len(stems[stem]),
            )
            for stem, path in paths.items()
        },
        mixture=None,
        store=relative_path(folder / f"{name}.npy", manifest),
        extras={},
        licence="",
        flags=[],
    )


def make_job(
    source: Path,
    output: Path,
    *,
    target: str = "bass",
    channels: Channels = "mono",
    seed: int = 0,
    **settings: object,
) -> FitJob:
    """Return a job on the tiny set in `source`, with small settings."""
    small = {
        "schedule": "warmup_cosine",
        "chunk_s": 0.3,
        "batch_size": 2,
        "steps": 6,
        "validate_every": 3,
        "learning_rate": 5e-3,
    }
    return FitJob(
        manifest=source / "manifest.json",
        labels=source / "labels.parquet",
        target=target,
        channels=channels,
        seed=seed,
        folder=output / "model",
        checkpoints=output / "checkpoints",
        settings=TrainSettings.model_validate(small | settings),
        provenance={"data": "tiny"},
    )
