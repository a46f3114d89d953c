"""The whole paper, from download to figures, on tiny replicas of its data sets over real HTTP; the
server falters as servers do. And each of its experiments alone."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from file_server import Fault, FileServer
from projects import ROOT, Project, copy_project
from replica import Replicas, serve_replicas, write_replicas

from iass.foundation.files import read_json
from iass.preparation.transfer import BLOCK

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
MINUTES_8 = 480
FAULTS = {
    "/musdb18hq.zip": [Fault(cut_after=300_000), Fault(cut_after=50_000, resets=True)],
    "/medleydb-v1/MedleyDB_V1.tar.gz": [
        Fault(status=429, headers={"Retry-After": "2"}),
        Fault(cut_after=100_000, hides_length=True),
    ],
    "/medleydb-v2/MedleyDB_V2.tar.gz": [Fault(status=500), Fault(cut_after=0)],
}


def _read_paper() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config" / "paper.yaml").read_text("utf-8"))
    return config


@pytest.mark.parametrize(
    ("experiment", "own", "other"), [("musdb", "musdb18hq", "mm"), ("mm", "mm", "musdb18hq")]
)
def test_an_experiment_alone_asks_for_nothing_of_the_others_data(
    tmp_path: Path, experiment: str, own: str, other: str
) -> None:
    paper = _read_paper()
    alone = paper | {"experiments": {experiment: paper["experiments"][experiment]}}
    jobs = copy_project(tmp_path, alone).plan_jobs()
    fetch = f"Fetch {own}; to watch it: tail -f results/logs/fetch/{own}.log"
    assert {fetch, "Collect all scores in one table"} <= jobs
    assert [job for job in jobs if other in job.split()] == []


def _shrink(replicas: Replicas, mirror: str) -> dict[str, Any]:
    """Return config/paper.yaml with tiny networks, the replica's songs, and its address."""
    config = _read_paper() | {
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


def _check_resumed(server: FileServer) -> None:
    """All faults were met, and what had come once was not sent again, but for a few blocks."""
    assert [path for path in FAULTS if server.routes[path].faults] == []
    sent: dict[str, int] = {}
    for request in server.requests:
        sent[request.path] = sent.get(request.path, 0) + request.sent
    for path, total in sent.items():
        assert 0 <= total - len(server.routes[path].content) <= 3 * BLOCK, path


def _check_scores(project: Project) -> None:
    scores = pd.read_parquet(project.folder / "results" / "scores.parquet")
    sdr = scores[(scores["metric"] == "SDR") & scores["value"].notna()]
    cells = set(zip(sdr["experiment"], sdr["method"], strict=True))
    methods = ("input_mixture", "silence", "open_unmix", "iass", "iass_no_gate", "ibm")
    assert cells == {(name, method) for name in ("musdb", "mm") for method in methods}
    assert set(sdr.loc[sdr["experiment"] == "musdb", "protocol"]) == {"joint"}
    assert set(sdr.loc[sdr["experiment"] == "mm", "protocol"]) == {"per_target"}


@pytest.mark.slow
def test_both_experiments_run_from_a_faltering_server_to_figures_and_nothing_is_left_to_do(
    tmp_path: Path,
) -> None:
    replicas = write_replicas(tmp_path / "mirror")
    with serve_replicas(replicas.folder) as server:
        for path, faults in FAULTS.items():
            server.routes[path].faults = list(faults)
        project = copy_project(tmp_path / "project", _shrink(replicas, server.url))
        project.run(timeout_s=MINUTES_8)
    _check_resumed(server)
    _check_scores(project)
    for experiment, dataset in (("musdb", "musdb18hq"), ("mm", "mm")):
        assert (
            read_json(project.folder / f"results/overlap/{experiment}/{dataset}.json")["pairs"]
            == []
        )
        assert (project.folder / f"reports/tables/{experiment}_{dataset}_sdr.md").is_file()
        assert (project.folder / f"reports/figures/{experiment}_{dataset}_sdr.pdf").is_file()
    assert project.plan_jobs() == set()
