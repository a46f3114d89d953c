"""From a number to data, models, code, machine and date."""

import shutil
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from bands import TARGETS, Band, write_band
from small_models import IASS, save_iass

from iass.foundation.config import MethodEntry, Scoring
from iass.foundation.errors import UserError
from iass.foundation.files import hash_file, read_json, write_json
from iass.foundation.provenance import ENVIRONMENT
from iass.plan.driver import read_runs
from iass.preparation.data_hash import hash_data
from iass.preparation.manifest import read_manifest
from iass.reporting.tables.provenance import tabulate_runs, write_provenance
from iass.scoring.run import ScoringJob, score_shard
from iass.scoring.table import read_scores, write_scores
from iass.separation.run import SeparationJob, separate_shard

TRAINED = {"date": "2026-01-02T03:04:05+00:00", "device": "A GPU", "commit": "c" * 40 + "+changes"}
SHARDS = 2


def _separate(band: Band, folder: Path, shard: int) -> ScoringJob:
    """Separate one shard with a network that was trained elsewhere; return how to score it."""
    models = {target: save_iass(folder / "models", target) for target in TARGETS}
    for model in models.values():
        write_json(model / ENVIRONMENT, TRAINED)
    separation = SeparationJob(
        method="iass",
        entry=MethodEntry(kind="trained"),
        seed=0,
        manifest=band.manifest,
        targets=list(TARGETS),
        channels="mono",
        shard=shard,
        shards=SHARDS,
        models=models,
        code="c0de",
    )
    estimates, activity = folder / f"estimates{shard}", folder / f"activity{shard}.parquet"
    separate_shard(separation, estimates, activity)
    return ScoringJob(
        experiment="demo",
        method="iass",
        seed=0,
        manifest=band.manifest,
        labels=band.labels,
        estimates=estimates,
        activity=activity,
        targets=list(TARGETS),
        channels="mono",
        protocol="per_target",
        scoring=Scoring(window_s=0.5, hop_s=0.5),
        shard=shard,
        shards=SHARDS,
        code="5c0re",
        work=folder / "work",
        provenance=folder / "provenance",
    )


@pytest.fixture(scope="module")
def jobs(tmp_path_factory: pytest.TempPathFactory) -> list[ScoringJob]:
    """Both shards of a run, separated and scored."""
    folder = tmp_path_factory.mktemp("runs")
    band = write_band(folder, {"a": "test", "b": "test", "c": "test", "d": "train"}, seconds=1.2)
    jobs = [_separate(band, folder, shard) for shard in range(SHARDS)]
    for job in jobs:
        score_shard(job, folder / f"scores{job.shard}.parquet")
    return jobs


def _read(jobs: list[ScoringJob]) -> pd.DataFrame:
    folder = jobs[0].work.parent
    return read_scores(folder / f"scores{job.shard}.parquet" for job in jobs)


def test_shards_share_a_run_id_that_leads_to_all_that_decides_the_scores(
    jobs: list[ScoringJob],
) -> None:
    (run_id,) = _read(jobs)["run_id"].unique()
    content = read_json(jobs[0].provenance / f"{run_id}.json")
    run = content["run"]
    assert run["data"] == hash_data(read_manifest(jobs[0].manifest), "test")
    assert (run["dataset"], run["method"], run["seed"], run["code"]) == ("band", "iass", 0, "c0de")
    assert (content["code"], content["scoring"]["window_s"]) == ("5c0re", 0.5)
    model = run["models"]["bass"]
    folder = jobs[0].work.parent / "models" / "tiny" / "mono" / "iass" / "bass" / "seed0"
    assert model["sha256"] == hash_file(folder / "model.safetensors")
    assert model["options"]["hop"] == IASS.hop
    assert model["provenance"] == {"method": "iass"}


def test_each_shard_says_when_where_and_with_what_it_was_computed(jobs: list[ScoringJob]) -> None:
    (run_id,) = _read(jobs)["run_id"].unique()
    folder = jobs[0].provenance / run_id
    assert {path.name for path in folder.iterdir()} == {"shard0of2.json", "shard1of2.json"}
    shard = read_json(folder / "shard1of2.json")
    assert shard["trained"] == dict.fromkeys(TARGETS, TRAINED)
    for step in ("separated", "scored"):
        assert {"date", "device", "commit", "torch", "python"} <= set(shard[step])


def test_another_place_time_and_machine_give_the_same_run_id_and_the_same_bytes(
    jobs: list[ScoringJob], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (run_id,) = _read(jobs)["run_id"].unique()
    songs: dict = {"a": "test", "b": "test", "c": "test", "d": "train"}
    band = write_band(tmp_path / "far" / "away", songs, seconds=1.2)
    other = dict.fromkeys(("commit", "python", "system"), "unknown")
    other |= {"date": "2030-01-01T00:00:00+00:00", "device": "Another"}
    monkeypatch.setattr("iass.separation.run.describe_step", lambda: other)
    monkeypatch.setattr("iass.scoring.run.describe_step", lambda: other)
    job = _separate(band, tmp_path, 1)
    # Two machines share a folder of results: this one does the second shard once more.
    shared = tmp_path / "provenance"
    shutil.copytree(jobs[0].provenance, shared)
    score_shard(job, tmp_path / "scores.parquet")
    assert (tmp_path / "scores.parquet").read_bytes() == (
        jobs[0].work.parent / "scores1.parquet"
    ).read_bytes()
    assert (shared / f"{run_id}.json").read_bytes() == (
        jobs[0].provenance / f"{run_id}.json"
    ).read_bytes()
    (row,) = tabulate_runs(_read(jobs), shared).to_dict("records")
    assert row["device"].endswith("; Another")
    assert row["date"] == other["date"]


def test_a_changed_song_or_setting_is_another_run(jobs: list[ScoringJob], tmp_path: Path) -> None:
    job = replace(jobs[0], scoring=Scoring(window_s=0.25, hop_s=0.25), provenance=tmp_path)
    score_shard(job, tmp_path / "scores.parquet")
    (changed,) = read_scores(tmp_path / "scores.parquet")["run_id"].unique()
    assert changed not in set(_read(jobs)["run_id"])


def test_shards_of_an_older_config_are_removed(jobs: list[ScoringJob], tmp_path: Path) -> None:
    shutil.copytree(jobs[0].provenance, tmp_path / "provenance")
    job = replace(jobs[0], shards=1, provenance=tmp_path / "provenance")
    score_shard(job, tmp_path / "scores.parquet")
    assert [path.name for path in (tmp_path / "provenance").glob("*/*")] == ["shard0of1.json"]


def test_the_table_has_a_row_per_run_with_all_that_can_be_asked(
    jobs: list[ScoringJob], tmp_path: Path
) -> None:
    scores = _read(jobs)
    write_scores(tmp_path / "scores.parquet", scores)
    write_provenance(tmp_path / "scores.parquet", jobs[0].provenance, tmp_path / "provenance")
    (row,) = pd.read_csv(tmp_path / "provenance.csv", dtype=str).to_dict("records")
    content = read_json(jobs[0].provenance / f"{row['run_id']}.json")
    assert (row["experiment"], row["dataset"], row["method"]) == ("demo", "band", "iass")
    assert (row["seed"], row["tracks"]) == ("0", "3")
    assert content["run"]["data"].startswith(row["data"])
    assert (row["trained_device"], row["trained_date"]) == (TRAINED["device"], TRAINED["date"])
    assert row["trained_commit"] == "c" * 12 + "+changes"
    assert "museval 0." in row["packages"]
    assert row["packages"].count("torch") == 1  # separated and scored with the same one
    page = (tmp_path / "provenance.md").read_text()
    assert all(row[name] in page for name in ("run_id", "data", "models", "device"))
    assert row["date"][:10] in page
    assert row["run_id"] in (tmp_path / "provenance.html").read_text()


def test_a_missing_or_foreign_sidecar_is_named(jobs: list[ScoringJob], tmp_path: Path) -> None:
    scores = _read(jobs)
    (run_id,) = scores["run_id"].unique()
    with pytest.raises(UserError, match=f"{run_id}.json does not exist"):
        tabulate_runs(scores, tmp_path)
    write_json(tmp_path / f"{run_id}.json", {"content": {}})
    with pytest.raises(UserError, match=r"holds no shard; score again"):
        tabulate_runs(scores, tmp_path)
    write_json(tmp_path / run_id / "shard0of1.json", {})
    with pytest.raises(UserError, match="of another version of this program; score again"):
        tabulate_runs(scores, tmp_path)


def test_the_first_page_of_the_report_is_told_of_the_last_run(
    jobs: list[ScoringJob], tmp_path: Path
) -> None:
    assert read_runs(tmp_path / "provenance.csv") == {}
    write_scores(tmp_path / "scores.parquet", _read(jobs))
    write_provenance(tmp_path / "scores.parquet", jobs[0].provenance, tmp_path / "provenance")
    runs = read_runs(tmp_path / "provenance.csv")
    table = pd.read_csv(tmp_path / "provenance.csv", dtype=str)
    assert runs["data"] == [f"band {table['data'][0]}"]
    assert runs["date"] == [table["date"][0]]
    assert set(runs) == {"data", "commit", "device", "date", "packages"}
