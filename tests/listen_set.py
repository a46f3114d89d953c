"""A scored data set of a few seconds, as the steps before the listening page leave it.

Every stem is noise of its own below 4 kHz, so that a clip tells what it was cut from, and where.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import soundfile
from fake_results import make_table
from scipy.signal import butter, sosfilt

from iass.foundation.audio import FloatArray, write_wav
from iass.foundation.files import hash_file
from iass.preparation.activity import LABEL_HOP, write_labels
from iass.preparation.manifest import Manifest, Stem, Track, relative_path, write_manifest
from iass.reporting.context import Context
from iass.reporting.listen.choose import Wish
from iass.reporting.listen.estimates import ExcerptJob, cut_estimates
from iass.reporting.listen.references import ReferenceJob, cut_references
from iass.reporting.listen.run import PageWish, write_listening_page
from iass.scoring.table import write_scores

RATE_HZ = 44100
TARGETS = ("vocals", "bass")
WISH = Wish(tracks=2, names=None, seconds=2.0, publishable=["CC0"], private=False)
CONTEXT = Context(
    experiment="demo",
    dataset="tiny",
    methods=("iass", "ibm"),
    kinds={"iass": "trained", "ibm": "oracle"},
    targets=TARGETS,
    data="tiny: noise, made for a test",
)


def make_noise(seed: int, seconds: float, channels: int = 1) -> FloatArray:
    """Return noise (channels, samples) below 4 kHz."""
    white = np.random.default_rng(seed).standard_normal((channels, round(seconds * RATE_HZ)))
    low = sosfilt(butter(8, 4000, output="sos", fs=RATE_HZ), white)
    return np.asarray(0.2 * low, np.float32)


def decode(path: Path) -> FloatArray:
    """Return an MP3 as (channels, samples)."""
    samples, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate_hz == RATE_HZ
    return samples.T


def measure_likeness(found: FloatArray, wanted: FloatArray) -> float:
    """Return how far (dB) `wanted` is above its difference to `found`."""
    error = np.sum((found - wanted) ** 2)
    return float(10 * np.log10(np.sum(wanted**2) / error))


@dataclass(frozen=True)
class ListenSet:
    """The files of a data set below a folder, and what to do with them."""

    folder: Path

    def write_tracks(self, tracks: Sequence[Track], playing: Mapping[str, Any]) -> None:
        """Write manifest and labels; `playing` has arrays (frames,) by track and target."""
        targets = {target: [target] for target in TARGETS}
        manifest = Manifest(
            dataset="tiny", protocol="joint", targets=targets, mixture_rule="sum", tracks=[*tracks]
        )
        write_manifest(self.folder / "manifest.json", manifest)
        labels = {
            (track, target): np.asarray(curve, np.float32)
            for track, curves in playing.items()
            for target, curve in curves.items()
        }
        write_labels(self.folder / "labels.parquet", labels)

    def write_track(self, name: str, stems: Mapping[str, FloatArray], **changes: object) -> Track:
        """Write a song's stems and return its entry: CC0, of test."""
        entry: dict[str, Any] = {
            "id": name,
            "title": name,
            "artist": "nobody",
            "split": "test",
            "targets": [target for target, audio in stems.items() if audio.any()],
            "stems": {t: self._write_stem(name, t, audio) for t, audio in stems.items()},
            "mixture": None,
            "store": None,
            "extras": {},
            "licence": "CC0",
            "flags": [],
        }
        return Track.model_validate(entry | changes)

    def _write_stem(self, name: str, target: str, audio: FloatArray) -> Stem:
        path = self.folder / "stems" / name / f"{target}.wav"
        write_wav(path, audio, RATE_HZ)
        return Stem(
            path=relative_path(path, self.folder / "manifest.json"),
            sha256=hash_file(path),
            rate_hz=RATE_HZ,
            samples=audio.shape[1],
            channels=len(audio),
        )

    def cut_references(self, wish: Wish = WISH, channels: Any = "mono") -> Path:
        """Run the first step and return its folder."""
        output = self.folder / "references"
        job = ReferenceJob(
            experiment="demo",
            manifest=self.folder / "manifest.json",
            labels=self.folder / "labels.parquet",
            targets=TARGETS,
            channels=channels,
            wish=wish,
            quality=0,
        )
        cut_references(job, output)
        return output

    def write_estimates(self, method: str, audio: Mapping[str, Mapping[str, FloatArray]]) -> None:
        """Write estimates by track and target, and an activity that rises from 0 to 1."""
        tables = [_tabulate_activity(track, targets) for track, targets in audio.items()]
        self.activity(method).parent.mkdir(exist_ok=True)
        pd.concat(tables).to_parquet(self.activity(method), index=False)
        for track, targets in audio.items():
            for target, samples in targets.items():
                path = self.folder / "estimates" / method / track / f"{target}.wav"
                write_wav(path, samples, RATE_HZ)

    def activity(self, method: str) -> Path:
        """Where the predicted activity of a method lies."""
        return self.folder / "activity" / f"{method}.parquet"

    def cut_estimates(self, method: str, seed: int | None = None) -> Path:
        """Run the second step and return its folder."""
        output = self.folder / "excerpts" / method
        job = ExcerptJob(
            method=method,
            seed=seed,
            references=self.folder / "references",
            estimates=self.folder / "estimates" / method,
            activity=self.activity(method),
            targets=TARGETS,
            quality=0,
        )
        cut_estimates(job, output)
        return output

    def write_page(self, *rows: dict[str, object], context: Context = CONTEXT, **wish: Any) -> Path:
        """Write the page from all that was cut and from rows of scores; return its folder."""
        scores, page = self.folder / "scores.parquet", self.folder / "page"
        write_scores(
            scores, make_table(*({"dataset": "tiny"} | row for row in rows or [{"track": "?"}]))
        )
        folders = [self.folder / "references", *sorted(self.folder.glob("excerpts/*"))]
        given = {"max_mb": 25.0, "private": False, "contexts": [context], "left_out": []}
        write_listening_page(PageWish(**(given | wish)), folders, scores, page)
        return page


def count_frames(seconds: float) -> int:
    """Return the number of label frames of a song."""
    return round(seconds * RATE_HZ) // LABEL_HOP + 1


def _tabulate_activity(track: str, targets: Mapping[str, FloatArray]) -> pd.DataFrame:
    tables = []
    for target, audio in targets.items():
        frames = audio.shape[1] // LABEL_HOP + 1
        rising = np.linspace(0, 1, frames, dtype=np.float32)
        times = np.arange(frames) * LABEL_HOP / RATE_HZ
        tables.append(
            pd.DataFrame(
                {"track": track, "target": target, "frame_s": times, "probability": rising}
            )
        )
    return pd.concat(tables)
