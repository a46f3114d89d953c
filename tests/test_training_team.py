"""Several processes and several parts of a batch: one training, up to rounding."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load
from tiny_set import make_job, write_tiny_set
from torch import nn
from training_runs import Run, wait_for_line

from iass.foundation.errors import UserError
from iass.training.buffers import BufferMeans
from iass.training.data import open_training_data
from iass.training.loop import train
from iass.training.team import ALONE

STARTS = "iass: the training"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_set(folder)
    return folder


def test_parts_of_a_batch_move_running_statistics_once_by_their_mean() -> None:
    norm = nn.BatchNorm1d(1, momentum=0.1)
    means = BufferMeans(norm)
    for batch in ([1.0, 3.0], [10.0, 20.0]):
        norm(torch.tensor(batch)[:, None])
        means.add_part()
    means.take_means()
    means.apply()
    # means 2 and 15, unbiased variances 2 and 50, a tenth of the way from 0 and 1
    assert norm.running_mean.item() == pytest.approx(0.1 * 8.5)
    assert norm.running_var.item() == pytest.approx(0.9 + 0.1 * 26)
    assert norm.num_batches_tracked.item() == 1


def test_a_process_alone_averages_nothing_and_agrees_with_itself() -> None:
    tensor = torch.ones(2)
    ALONE.average([tensor])
    assert tensor.tolist() == [1, 1]
    assert ALONE.sum_up([1.5]) == [1.5]
    assert ALONE.agree(True)
    assert not ALONE.agree(False)


@pytest.mark.parametrize("method", ["iass", "open_unmix"])
def test_two_processes_learn_what_one_learns_from_two_parts(
    method: str, source: Path, tmp_path: Path
) -> None:
    settings = {"batch_size": 4, "steps": 4, "validate_every": 2, "remix": True}
    one = Run(source, tmp_path / "one", method, accumulate=2, **settings)
    two = Run(source, tmp_path / "two", method, processes=2, **settings)
    whole = Run(source, tmp_path / "whole", method, **settings)
    for run in (one, two, whole):
        said = run.finish()
        assert said.count(STARTS) == 1  # the first process speaks for all
    first, second, other = (load(run.read("model.safetensors")) for run in (one, two, whole))
    for name, value in first.items():
        torch.testing.assert_close(second[name], value, rtol=1e-3, atol=1e-4, msg=name)
    assert any(not torch.allclose(other[name], first[name], 1e-3, 1e-4) for name in first)
    curves = [json.loads(run.read("model.json"))["curve"] for run in (one, two)]
    for mine, theirs in zip(*curves, strict=True):
        for key in ("training_loss", "validation_loss"):
            assert theirs[key] == (mine[key] and pytest.approx(mine[key], rel=1e-4))


def find_ranks(torchrun: int) -> list[int]:
    children = Path(f"/proc/{torchrun}/task/{torchrun}/children").read_text().split()
    return [int(child) for child in children]


def is_gone(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"


LINUX = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks into /proc (Linux)")
ENDLESS = {"steps": 100000, "validate_every": 100000, "batch_size": 2, "processes": 2}


@LINUX
def test_a_dead_process_ends_the_others_with_a_sentence(source: Path, tmp_path: Path) -> None:
    with Run(source, tmp_path, **ENDLESS).start() as launcher:
        wait_for_line(launcher, STARTS)
        first, second = find_ranks(launcher.pid)
        os.kill(second, signal.SIGKILL)
        said = launcher.communicate(timeout=60)[1]
        assert launcher.returncode not in (0, None)
        assert re.search(r"^iass: .*(gone|stopped after step).*\.$", said, re.MULTILINE), said
        assert is_gone(first)


@LINUX
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_when_the_launcher_ends_the_processes_save_and_leave(
    number: signal.Signals, source: Path, tmp_path: Path
) -> None:
    run = Run(source, tmp_path, **ENDLESS)
    with run.start() as launcher:
        wait_for_line(launcher, STARTS)
        ranks = find_ranks(launcher.pid)
        time.sleep(0.5)
        launcher.send_signal(number)
        said = launcher.communicate(timeout=60)[1]
        assert launcher.returncode != 0
        deadline = time.monotonic() + 30
        while not all(map(is_gone, ranks)) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert all(map(is_gone, ranks))
    assert "iass: Training stopped after step" in said
    content = torch.load(run.checkpoints[0], weights_only=True)
    assert content["progress"]["step"] > 0


def test_a_training_of_two_processes_started_alone_says_how_to_start_it(
    source: Path, tmp_path: Path
) -> None:
    job = make_job(source, tmp_path, processes=2)
    with pytest.raises(UserError, match=r"processes is 2, but 1 process.*--nproc-per-node 2"):
        train(job, open_training_data(job), None, {})  # never gets to the task
