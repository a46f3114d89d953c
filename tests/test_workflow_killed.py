"""A run that dies and is started again ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from projects import Project, copy_project


def _kill_when(project: Project, pattern: str) -> None:
    """Start the workflow and kill it with all its jobs as soon as a file matches."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2"]
    environment = os.environ | {"XDG_CACHE_HOME": str(project.folder / ".cache")}
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as run:
        deadline = time.monotonic() + 200
        while not list(project.folder.glob(pattern)):
            assert run.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.05)
        os.killpg(run.pid, signal.SIGKILL)


@pytest.mark.slow
def test_a_workflow_killed_twice_gives_the_bytes_of_an_undisturbed_one(tmp_path: Path) -> None:
    undisturbed = copy_project(tmp_path / "one" / "undisturbed")
    undisturbed.run()
    killed = copy_project(tmp_path / "two" / "killed")
    _kill_when(killed, "results/models/**/model.safetensors")
    killed.run("--unlock")
    _kill_when(killed, "results/shards/**/*.parquet")
    killed.run("--unlock")
    killed.run()
    for name in ("results/scores.csv", "reports/figures/tiny_synthband_sdr.csv"):
        assert killed.read(name) == undisturbed.read(name)
    models = sorted(undisturbed.folder.glob("results/models/**/model.*"))
    assert len(models) == 4
    for path in models:
        twin = killed.folder / path.relative_to(undisturbed.folder)
        assert twin.read_bytes() == path.read_bytes()
