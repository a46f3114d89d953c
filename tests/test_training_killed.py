"""Trainings that die, or are asked to leave, and go on as if nothing had happened."""

import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_set import write_tiny_set
from training_runs import HANGS, Run, wait_for_line

FILES = ("model.safetensors", "model.json", "curve.csv")
STARTS = "iass: the training"
KILLS = 10


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_set(folder)
    return folder


def find_step(line: str) -> int:
    """Return after which step a training says that it continues."""
    found = re.search(r"continues after step (\d+)", line)
    return int(found[1]) if found else 0


def assert_equal(first: Run, second: Run) -> None:
    for name in FILES:
        assert first.read(name) == second.read(name), name
    assert second.checkpoints == []


@pytest.mark.slow
@pytest.mark.parametrize(("method", "workers"), [("iass", 0), ("open_unmix", 2)])
def test_a_training_killed_ten_times_gives_the_bytes_of_an_undisturbed_one(
    method: str, workers: int, source: Path, tmp_path: Path
) -> None:
    settings = {"steps": 3000, "validate_every": 100, "batch_size": 1, "chunk_s": 0.1}
    settings |= {"workers": workers, "checkpoint_minutes": 0.001}
    rng = np.random.default_rng(0)
    killed = Run(source, tmp_path / "killed", method, **settings)
    steps = []
    for _ in range(KILLS):
        before = [path.stat().st_mtime_ns for path in killed.checkpoints]
        with killed.start() as process:
            steps.append(find_step(wait_for_line(process, STARTS)))
            while [path.stat().st_mtime_ns for path in killed.checkpoints] == before:
                time.sleep(0.001)
            time.sleep(rng.uniform(0, 0.4))
            assert process.poll() is None, "the training ended before it could be killed"
            process.send_signal(signal.SIGKILL)
    steps.append(find_step(killed.finish()))
    assert sorted(steps) == steps, "no start goes back"
    assert len(set(steps)) > KILLS / 2
    undisturbed = Run(source, tmp_path / "undisturbed", method, **settings | {"workers": 0})
    undisturbed.finish()
    assert_equal(undisturbed, killed)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGUSR1, signal.SIGINT])
def test_a_training_asked_to_leave_saves_says_so_and_goes_on_from_there(
    number: signal.Signals, source: Path, tmp_path: Path
) -> None:
    settings = {"steps": 400, "validate_every": 400, "batch_size": 1}
    asked = Run(source, tmp_path / "asked", "open_unmix", **settings)
    with asked.start() as process:
        wait_for_line(process, STARTS)
        time.sleep(0.5)
        process.send_signal(number)
        said = process.communicate(timeout=HANGS)[1]
        assert process.returncode == 75
    found = re.fullmatch(
        rf"iass: Training stopped after step (\d+) of 400 by {number.name}; start it again, and it "
        rf"continues from {asked.checkpoints[0]}\.\n",
        said,
    )
    assert found, said
    step = int(found[1])
    content = torch.load(asked.checkpoints[0], weights_only=True)
    assert content["progress"]["step"] == step > 0
    assert find_step(asked.finish()) == step
    undisturbed = Run(source, tmp_path / "undisturbed", "open_unmix", **settings)
    undisturbed.finish()
    assert_equal(undisturbed, asked)


def test_a_signal_to_the_loading_processes_as_well_ends_in_good_order(
    source: Path, tmp_path: Path
) -> None:
    run = Run(source, tmp_path, steps=100000, validate_every=100000, workers=1, batch_size=1)
    with run.start() as process:
        wait_for_line(process, STARTS)
        time.sleep(1)
        os.killpg(process.pid, signal.SIGTERM)
        said = process.communicate(timeout=HANGS)[1]
        assert process.returncode == 75, said
        assert said.startswith("iass: Training stopped after step"), said
    assert len(run.checkpoints) == 1
