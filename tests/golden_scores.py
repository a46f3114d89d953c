"""Scores that must come out alike on every machine: bounds and an oracle, nothing is trained.

`PYTHONPATH=. python tests/golden_scores.py` writes tests/golden/*.csv anew; do that only for a
change that is meant to move numbers, and say so in the CHANGELOG.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from iass.foundation.config import DatasetEntry, Kind, MethodEntry
from iass.preparation.manifest import Track, read_manifest
from iass.preparation.run import prepare_dataset
from iass.preparation.tools import PreparationTools
from iass.preparation.tracks import read_mixture, read_reference
from iass.scoring.engines import ENGINES
from iass.scoring.frames import FrameGrid
from iass.scoring.protocols import PROTOCOLS
from iass.scoring.run import read_estimate
from iass.scoring.score import score_song
from iass.scoring.song import hold_song
from iass.scoring.table import Score
from iass.separation.run import SeparationJob, separate_shard

GOLDEN = Path(__file__).parent / "golden"
SETS = {
    "falcon69": DatasetEntry(),
    "synthband": DatasetEntry(
        options={
            "songs": {"train": 0, "valid": 0, "test": 1},
            "seconds": {"train": 1.0, "valid": 1.0, "test": 6.0},
        }
    ),
}
METHODS: dict[str, Kind] = {"input_mixture": "bound", "silence": "bound", "ibm": "oracle"}
METRICS = ("SDR", "uSDR")  # no filters in them: the same on every machine
KEYS = ["method", "target", "metric"]


def compute_scores(dataset: str, folder: Path) -> pd.DataFrame:
    """Return the value of each method, target and metric on a data set, dB.

    Frames of 1 s under museval's mask, of which it is the median; stereo, joint.
    """
    manifest = folder / "manifest.json"
    tools = PreparationTools(folder / "data" / dataset, 1)
    prepare_dataset(dataset, SETS[dataset], tools, manifest, folder / "labels.parquet")
    (track,) = read_manifest(manifest).tracks
    rows = [
        {"method": method, **vars(score)}
        for method in METHODS
        for score in _score(method, manifest, track, folder / method)
    ]
    scores = pd.DataFrame(rows).query("mask != 'target'")
    return scores.groupby(KEYS)["value"].median().rename("value_db").reset_index()


def _score(method: str, manifest: Path, track: Track, folder: Path) -> Iterator[Score]:
    described = read_manifest(manifest)
    targets = list(described.targets)
    _separate(method, manifest, targets, folder)
    mixture = read_mixture(manifest, track, "stereo")
    song = hold_song(
        {t: read_reference(manifest, described, track, t, "stereo") for t in targets},
        {t: read_estimate(folder / track.id / f"{t}.wav", track.rate_hz, mixture) for t in targets},
    )
    grid = FrameGrid(track.rate_hz, track.rate_hz, track.rate_hz)
    yield from score_song(song, grid, PROTOCOLS["joint"], ENGINES["exact"], METRICS)


def _separate(method: str, manifest: Path, targets: list[str], folder: Path) -> None:
    job = SeparationJob(
        method=method,
        entry=MethodEntry(kind=METHODS[method]),
        seed=None,
        manifest=manifest,
        targets=targets,
        channels="stereo",
        shard=0,
        shards=1,
        models={},
        code="",
    )
    separate_shard(job, folder, folder / "activity.parquet")


def read_golden(dataset: str) -> pd.DataFrame:
    """Return the committed values."""
    return pd.read_csv(GOLDEN / f"{dataset}.csv")


def main() -> None:
    for dataset in SETS:
        with tempfile.TemporaryDirectory() as folder:
            scores = compute_scores(dataset, Path(folder))
        path = GOLDEN / f"{dataset}.csv"
        scores.to_csv(path, index=False, float_format="%.4f", lineterminator="\n")
        sys.stdout.write(f"{path}: {len(scores)} values\n")


if __name__ == "__main__":
    main()
