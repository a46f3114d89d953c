"""Protocols and the step `score`, against museval and against numbers worked out by hand."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bands import TARGETS, Band, write_band
from numpy.typing import NDArray

from iass.foundation.audio import FloatArray, write_wav
from iass.foundation.config import MethodEntry, Scoring
from iass.foundation.files import read_json
from iass.foundation.stand_ins import import_museval
from iass.preparation.manifest import read_manifest, write_manifest
from iass.scoring.collect import collect_scores
from iass.scoring.engines import ENGINES, Engine, FrameGrid
from iass.scoring.protocols import Score, Song, score_joint, score_per_target
from iass.scoring.run import ScoringJob, score_shard
from iass.scoring.table import read_scores
from iass.separation.run import SeparationJob, separate_shard


@pytest.fixture(params=sorted(ENGINES))
def engine(request: pytest.FixtureRequest) -> Engine:
    """Every test of a protocol holds with our engine and with museval."""
    return ENGINES[request.param]


GRID = FrameGrid(4000, 4000, 8000)  # half a second at 8 kHz keeps museval quick


def _noise(seed: int, channels: int = 2, samples: int = 12000) -> FloatArray:
    return np.random.default_rng(seed).standard_normal((channels, samples)).astype(np.float32)


def _song(targets: int = 2, error: float = 0.1, channels: int = 2) -> Song:
    references = {f"t{i}": _noise(i, channels) for i in range(targets)}
    estimates = {name: audio + error * _noise(9, channels) for name, audio in references.items()}
    mixture = np.sum(list(references.values()), axis=0)
    return Song(mixture, references, estimates, {}, list(references))


def _values(scores: list[Score], target: str, metric: str) -> NDArray[np.float64]:
    return np.array([s.value for s in scores if (s.target, s.metric) == (target, metric)])


def _snr_db(reference: FloatArray, estimate: FloatArray) -> NDArray[np.float64]:
    """SDR of museval v4 by its definition: framewise signal to noise ratio (METHOD section 4)."""
    frames = [slice(i, i + 4000) for i in range(0, reference.shape[1] - 3999, 4000)]
    return np.array(
        [
            10
            * np.log10(np.sum(reference[:, f] ** 2.0) / np.sum((reference - estimate)[:, f] ** 2.0))
            for f in frames
        ]
    )


@pytest.mark.parametrize("score", [score_joint, score_per_target])
@pytest.mark.parametrize("channels", [1, 2])
def test_sdr_is_the_framewise_signal_to_noise_ratio(
    score: object, channels: int, engine: Engine
) -> None:
    song = _song(channels=channels)
    scores = score(song, GRID, engine)  # type: ignore[operator]
    for target in song.references:
        expected = _snr_db(song.references[target], song.estimates[target])
        np.testing.assert_allclose(_values(scores, target, "SDR"), expected, atol=1e-4)


def test_joint_scores_are_musevals(engine: Engine) -> None:
    song = _song(targets=3)
    references, estimates = (
        np.stack([audio.T for audio in part.values()]) for part in (song.references, song.estimates)
    )
    expected = import_museval().evaluate(references, estimates, win=4000, hop=4000)
    scores = score_joint(song, GRID, engine)
    for metric, values in zip(("SDR", "ISR", "SIR", "SAR"), expected, strict=True):
        for target, row in zip(song.references, values, strict=True):
            np.testing.assert_allclose(_values(scores, target, metric), row, rtol=0, atol=1e-6)


def test_per_target_sir_and_sar_come_from_target_against_rest(engine: Engine) -> None:
    song = _song(targets=3)
    rest = song.mixture - song.references["t1"]
    references = np.stack([song.references["t1"].T, rest.T])
    estimates = np.stack([song.estimates["t1"].T, rest.T])
    _, _, sir, sar = import_museval().evaluate(references, estimates, win=4000, hop=4000)
    scores = score_per_target(song, GRID, engine)
    np.testing.assert_allclose(_values(scores, "t1", "SIR"), sir[0], rtol=0, atol=1e-6)
    np.testing.assert_allclose(_values(scores, "t1", "SAR"), sar[0], rtol=0, atol=1e-6)


def test_near_silence_scores_zero_db(engine: Engine) -> None:
    song = _song()
    quiet = {target: song.mixture * np.float32(1e-4) for target in song.references}
    scores = score_per_target(replace(song, estimates=quiet), GRID, engine)
    np.testing.assert_allclose(_values(scores, "t0", "SDR"), 0.0, atol=2e-3)


def test_a_frame_with_one_silent_reference_counts_for_no_target_of_a_joint_score(
    engine: Engine,
) -> None:
    song = _song()
    song.references["t0"][:, 4000:8000] = 0
    joint, alone = score_joint(song, GRID, engine), score_per_target(song, GRID, engine)
    for target in ("t0", "t1"):
        assert list(np.isnan(_values(joint, target, "SDR"))) == [False, True, False]
    assert list(np.isnan(_values(alone, "t0", "SDR"))) == [False, True, False]
    assert not np.isnan(_values(alone, "t1", "SDR")).any()
    silent = [s for s in joint if np.isnan(s.value)]
    assert {s.frame_s for s in silent} == {0.5}
    assert all("silent in this frame" in s.reason for s in silent)


def test_a_gated_second_is_not_scored(engine: Engine) -> None:
    song = _song()
    song.estimates["t0"][:, :4000] = 0
    scores = score_per_target(song, GRID, engine)
    assert list(np.isnan(_values(scores, "t0", "SDR"))) == [True, False, False]


def test_a_target_that_never_sounds_has_nan_and_the_reason(engine: Engine) -> None:
    song = replace(_song(), present=["t1"])
    scores = score_per_target(song, GRID, engine)
    absent = [s for s in scores if s.target == "t0"]
    assert [s.metric for s in absent] == ["SDR", "ISR", "SIR", "SAR"]
    assert all(np.isnan(s.value) and np.isnan(s.frame_s) for s in absent)
    assert all("does not sound" in s.reason for s in absent)
    assert not np.isnan(_values(scores, "t1", "SDR")).any()


def test_one_target_that_never_sounds_stops_a_joint_score_of_all(engine: Engine) -> None:
    scores = score_joint(replace(_song(), present=["t1"]), GRID, engine)
    assert all(np.isnan(s.value) and "'t0' does not sound" in s.reason for s in scores)


def test_an_estimate_that_is_silent_throughout_has_nan_and_musevals_reason(engine: Engine) -> None:
    song = _song()
    song.estimates["t0"][:] = 0
    scores = score_per_target(song, GRID, engine)
    assert np.isnan(_values(scores, "t0", "SDR")).all()
    assert "estimated sources should be non-silent" in scores[0].reason


def test_a_target_that_is_the_whole_mixture_has_sdr_but_no_sir(engine: Engine) -> None:
    song = _song(targets=1)
    scores = score_per_target(song, GRID, engine)
    assert not np.isnan(_values(scores, "t0", "SDR")).any()
    assert np.isnan(_values(scores, "t0", "SIR")).all()


def test_an_anti_phase_reference_counts_as_silent_as_in_museval(engine: Engine) -> None:
    song = _song(targets=1)
    song.references["t0"][1] = -song.references["t0"][0]
    assert np.isnan(_values(score_per_target(song, GRID, engine), "t0", "SDR")).all()


def test_references_that_museval_cannot_solve_for_give_its_reason_or_a_score() -> None:
    """Equal channels make its system singular, and its way out fails with NumPy 2.4."""
    song = _song()
    for audio in (*song.references.values(), *song.estimates.values()):
        audio[1] = audio[0]
    scores = score_joint(song, GRID, ENGINES["museval"])
    assert all(np.isfinite(s.value) or s.reason for s in scores)
    ours = score_joint(song, GRID, ENGINES["exact"])
    np.testing.assert_allclose(
        _values(ours, "t0", "SDR"), _snr_db(song.references["t0"], song.estimates["t0"]), atol=1e-4
    )


@pytest.fixture(scope="module")
def separated(tmp_path_factory: pytest.TempPathFactory) -> tuple[Band, ScoringJob]:
    folder = tmp_path_factory.mktemp("scored")
    band = write_band(folder, {"a b": "test", "Öje": "test"}, seconds=1.2)
    job = ScoringJob(
        experiment="demo",
        method="input_mixture",
        seed=None,
        manifest=band.manifest,
        estimates=folder / "estimates",
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
    separate_shard(separation, job.estimates, folder / "activity.parquet")
    return band, job


def test_a_shard_becomes_tidy_rows_that_lead_to_their_provenance(
    separated: tuple[Band, ScoringJob], tmp_path: Path
) -> None:
    _, job = separated
    score_shard(job, tmp_path / "scores.parquet")
    table = read_scores(tmp_path / "scores.parquet")
    assert set(table["track"]) == {"a b", "Öje"}
    assert set(table["target"]) == set(TARGETS)
    assert len(table) == 2 * len(TARGETS) * 4 * 2  # tracks, targets, metrics, whole frames
    assert table["seed"].isna().all()
    (run_id,) = table["run_id"].unique()
    content = read_json(job.provenance / f"{run_id}.json")["content"]
    assert content["run"]["method"] == "input_mixture"


def test_scoring_again_gives_the_same_bytes_and_computes_nothing(
    separated: tuple[Band, ScoringJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, job = separated
    score_shard(job, tmp_path / "one.parquet")
    monkeypatch.setattr("iass.scoring.run.PROTOCOLS", {})
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
    assert table.loc[~hit, "value"].notna().all()


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
    assert (before.loc[is_other, "value"] != after.loc[is_other, "value"]).all()
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
    assert (tmp_path / "all.csv").read_text("utf-8").count("\n") == 1 + 2 * len(TARGETS) * 4 * 2
