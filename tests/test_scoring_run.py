"""The step `score`: shards, kept tracks, damaged estimates, predicted activity."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bands import TARGETS, Band, write_band

from iass.foundation.audio import write_wav
from iass.foundation.config import MethodEntry, Scoring
from iass.foundation.files import read_json, write_json
from iass.preparation.activity import LABEL_HOP, read_track_labels
from iass.preparation.manifest import read_manifest, write_manifest
from iass.scoring.activity import ACTIVITY_METRICS
from iass.scoring.collect import collect_scores
from iass.scoring.run import ScoringJob, score_shard
from iass.scoring.score import FRAME_METRICS, METRICS
from iass.scoring.table import read_scores
from iass.separation.run import SeparationJob, separate_shard, write_activity

WHOLE_FRAMES = 2  # of half a second in a song of 1.2 s, and a tail
ROWS = 2 * (WHOLE_FRAMES + 1) * len(FRAME_METRICS) + 4 + 2  # per target: frames, songs, coverage


@pytest.fixture(scope="module")
def separated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Band, ScoringJob]:
    folder = tmp_path_factory.mktemp("scored")
    band = write_band(folder, {"a b": "test", "Öje": "test"}, seconds=1.2)
    job = ScoringJob(
        experiment="demo",
        method="input_mixture",
        seed=None,
        manifest=band.manifest,
        labels=band.labels,
        estimates=folder / "estimates",
        activity=folder / "activity.parquet",
        targets=list(TARGETS),
        channels="mono",
        protocol="per_target",
        scoring=Scoring(window_s=0.5, hop_s=0.5),
        shard=0,
        shards=1,
        code="c0de",
        work=folder / "work",
        provenance=folder / "provenance",
    )
    separation = SeparationJob(
        method=job.method,
        entry=MethodEntry(kind="bound"),
        seed=None,
        manifest=band.manifest,
        targets=job.targets,
        channels="mono",
        shard=0,
        shards=1,
        models={},
        code="c0de",
    )
    separate_shard(separation, job.estimates, job.activity)
    return band, job


def test_a_shard_becomes_tidy_rows_that_lead_to_their_provenance(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    _, job = separated
    score_shard(job, tmp_path / "scores.parquet")
    table = read_scores(tmp_path / "scores.parquet")
    assert set(table["track"]) == {"a b", "Öje"}
    assert set(table["target"]) == set(TARGETS)
    assert set(table["metric"]) == set(METRICS)
    assert len(table) == 2 * len(TARGETS) * ROWS
    assert table["seed"].isna().all()
    (run_id,) = table["run_id"].unique()
    content = read_json(job.provenance / f"{run_id}.json")
    assert content["run"]["method"] == "input_mixture"


def test_scoring_again_gives_the_same_bytes_and_computes_nothing(
    separated: tuple[Band, ScoringJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, job = separated
    score_shard(job, tmp_path / "one.parquet")
    monkeypatch.setattr("iass.scoring.run.ENGINES", {})
    score_shard(job, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


@pytest.mark.parametrize("damage", ["nan", "empty", "broken", "missing", "rate", "length"])
def test_a_damaged_estimate_has_nan_with_its_name_and_stops_nothing(
    separated: tuple[Band, ScoringJob], tmp_path: Path, damage: str
) -> None:
    _, job = separated
    estimates = tmp_path / "estimates"
    shutil.copytree(job.estimates, estimates)
    _damage(estimates / "Öje" / "bass.wav", damage)
    score_shard(replace(job, estimates=estimates), tmp_path / "scores.parquet")
    table = read_scores(tmp_path / "scores.parquet")
    hit = (table["track"] == "Öje") & (table["target"] == "bass")
    assert table.loc[hit, "value"].isna().all()
    assert table.loc[hit, "reason"].str.contains("bass.wav", regex=False).all()
    assert table.loc[~hit & (table["metric"] == "coverage"), "value"].eq(1).all()


def _damage(path: Path, damage: str) -> None:
    samples = round(1.2 * 44100)
    audio = np.ones((1, samples), np.float32)
    {
        "nan": lambda: write_wav(path, audio * np.float32(np.nan), 44100),
        "empty": lambda: write_wav(path, audio[:, :0], 44100),
        "broken": lambda: path.write_bytes(path.read_bytes()[:20]),
        "missing": path.unlink,
        "rate": lambda: write_wav(path, audio, 48000),
        "length": lambda: write_wav(path, audio[:, 1:], 44100),
    }[damage]()


def test_a_redefined_target_is_scored_anew(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    band, job = separated
    score_shard(job, tmp_path / "before.parquet")
    changed = read_manifest(band.manifest)
    other = {**changed.targets, "other": ["piano"]}
    path = band.manifest.with_name("changed.json")
    write_manifest(path, changed.model_copy(update={"targets": other}))
    score_shard(replace(job, manifest=path), tmp_path / "after.parquet")
    before, after = (read_scores(tmp_path / f"{name}.parquet") for name in ("before", "after"))
    is_other = before["target"] == "other"
    is_sdr = before["metric"].isin(["SDR", "uSDR"]) & before["value"].notna()
    changed_rows = is_other & is_sdr
    assert (before.loc[changed_rows, "value"] != after.loc[changed_rows, "value"]).all()
    pd.testing.assert_series_equal(before.loc[~is_other, "value"], after.loc[~is_other, "value"])


def test_collected_shards_hold_all_rows_once(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    _, job = separated
    shards = [tmp_path / f"shard{index}.parquet" for index in range(2)]
    for index, path in enumerate(shards):
        score_shard(replace(job, shard=index, shards=2), path)
    score_shard(job, tmp_path / "whole.parquet")
    collect_scores(shards, tmp_path / "all.parquet", tmp_path / "all.csv")
    assert (tmp_path / "all.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()
    assert (tmp_path / "all.csv").read_text("utf-8").count("\n") == 1 + 2 * len(TARGETS) * ROWS


def test_predicted_activity_is_scored_beside_the_separation(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    _, job = separated
    labels = read_track_labels(job.labels, "Öje")["bass"]
    rows = pd.DataFrame(
        {
            "track": "Öje",
            "target": "bass",
            "frame_s": np.arange(len(labels)) * LABEL_HOP / 44100,
            "probability": labels,
            "gate": (labels >= 0.5).astype(float),
        }
    )
    write_activity(tmp_path / "activity.parquet", [rows], "band", job.method, None)
    score_shard(replace(job, activity=tmp_path / "activity.parquet"), tmp_path / "scores.parquet")
    table = read_scores(tmp_path / "scores.parquet")
    scored = table[table["metric"].isin(ACTIVITY_METRICS)]
    assert set(scored["track"] + scored["target"]) == {"Öjebass"}
    assert set(scored["metric"]) == set(ACTIVITY_METRICS)
    assert scored.set_index("metric")["value"]["activity_F1"] == 1.0
    score_shard(job, tmp_path / "none.parquet")
    assert not read_scores(tmp_path / "none.parquet")["metric"].isin(ACTIVITY_METRICS).any()


def test_activity_that_is_not_finite_has_the_reason_and_stops_nothing(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    _, job = separated
    rows = pd.DataFrame(
        {
            "track": "Öje",
            "target": "bass",
            "frame_s": [0.0, 0.1],
            "probability": [0.5, np.nan],
            "gate": 1.0,
        }
    )
    write_activity(tmp_path / "activity.parquet", [rows], "band", job.method, None)
    score_shard(replace(job, activity=tmp_path / "activity.parquet"), tmp_path / "scores.parquet")
    table = read_scores(tmp_path / "scores.parquet")
    scored = table[table["metric"].isin(ACTIVITY_METRICS)]
    assert set(scored["metric"]) == set(ACTIVITY_METRICS)
    assert scored["value"].isna().all()
    assert scored["reason"].str.contains("NaN or infinite probability in frame 1").all()


def test_a_kept_track_that_was_cut_short_is_scored_again(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    _, job = separated
    job = replace(job, work=tmp_path / "work")
    score_shard(job, tmp_path / "one.parquet")
    for kept in job.work.glob("*.parquet"):
        kept.write_bytes(kept.read_bytes()[:100])
    score_shard(job, tmp_path / "two.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_the_scores_of_a_song_that_was_trained_on_say_so(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    _, job = separated
    receipt = tmp_path / "overlap.json"
    write_json(receipt, {"allowed": True, "pairs": [["elsewhere", "Öje"]]})
    for overlap in ([receipt], []):
        score_shard(replace(job, overlap=overlap), tmp_path / "scores.parquet")
        table = read_scores(tmp_path / "scores.parquet")
        flags = table.groupby("track")["flags"].agg(lambda column: set(column.unique()))
        assert flags["Öje"] == ({"trained_on"} if overlap else {""})
        assert flags["a b"] == {""}
