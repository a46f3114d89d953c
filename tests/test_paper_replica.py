"""The whole paper, from download to figures, on tiny replicas of its data sets over real HTTP."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from projects import ROOT, Project, copy_project
from replica import Replicas, serve_replicas, write_replicas

from iass.foundation.files import read_json

TINY_TRAINING = {
    "schedule": "plateau",
    "epochs": 1,
    "batch_size": 2,
    "chunk_s": 0.5,
    "chunks_per_track": 1,
}
TINY_NETWORKS: dict[str, dict[str, Any]] = {
    "iass": {"widths": [4, 6, 8], "n_fft": 2048, "hop": 1024, "max_hz": 4000.0},
    "open_unmix": {"hidden_size": 16, "layers": 1, "n_fft": 2048, "hop": 1024, "max_hz": 4000.0},
}
MINUTES_20 = 1200


def _shrink(replicas: Replicas, mirror: str) -> dict[str, Any]:
    """Return config/paper.yaml with tiny networks, the replica's songs, and its address."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text("utf-8"))
    config |= {
        "accept_licences": ["musdb18hq", "mm"],
        "mirror": mirror,
        "checksums": str(replicas.lock),
    }
    config["datasets"] = {
        "musdb18hq": {},
        "mm": {
            "options": config["datasets"]["mm"].get("options", {})
            | {"leave_out": replicas.list_left_out()}
        },
    }
    for name, options in TINY_NETWORKS.items():
        config["methods"][name] |= {"options": options, "train": TINY_TRAINING}
    return config


def _check_scores(project: Project) -> None:
    scores = pd.read_parquet(project.folder / "results" / "scores.parquet")
    sdr = scores[(scores["metric"] == "SDR") & scores["value"].notna()]
    cells = set(zip(sdr["experiment"], sdr["method"], strict=True))
    methods = ("input_mixture", "silence", "open_unmix", "iass", "ibm")
    assert cells == {(name, method) for name in ("musdb", "mm") for method in methods}
    assert set(sdr.loc[sdr["experiment"] == "musdb", "protocol"]) == {"joint"}
    assert set(sdr.loc[sdr["experiment"] == "mm", "protocol"]) == {"per_target"}


@pytest.mark.slow
def test_both_experiments_run_from_download_to_figures_and_then_nothing_is_left_to_do(
    tmp_path: Path,
) -> None:
    replicas = write_replicas(tmp_path / "mirror")
    with serve_replicas(replicas.folder) as server:
        project = copy_project(tmp_path / "project", _shrink(replicas, server.url))
        project.run(timeout_s=MINUTES_20)
    _check_scores(project)
    for experiment, dataset in (("musdb", "musdb18hq"), ("mm", "mm")):
        assert (
            read_json(project.folder / f"results/overlap/{experiment}/{dataset}.json")["pairs"]
            == []
        )
        assert (project.folder / f"reports/tables/{experiment}_{dataset}_sdr.md").is_file()
        assert (project.folder / f"reports/figures/{experiment}_{dataset}_sdr.pdf").is_file()
    assert project.plan_jobs() == set()
