"""The rule `train`: what starts a training, what reruns it, and a signal that passes through it."""

import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from projects import TINY, Project, copy_project

from iass.foundation.config import MethodEntry, TrainSettings
from iass.plan.launch import write_command, write_machine


def make_config(**train: Any) -> dict[str, Any]:
    """One network, no bounds."""
    config = deepcopy(TINY)
    config["methods"] = {"open_unmix": config["methods"]["open_unmix"]}
    config["methods"]["open_unmix"]["train"] = TINY["methods"]["open_unmix"]["train"] | train
    config["experiments"]["tiny"]["methods"] = ["open_unmix"]
    return config


def test_torchrun_starts_several_processes_and_nothing_else_does() -> None:
    alone = str(write_command(TrainSettings()))
    assert alone.endswith(" python -m iass step train")
    assert alone.startswith("GLIBC_TUNABLES=glibc.malloc.")
    several = str(write_command(TrainSettings(processes=4)))
    assert several.endswith(
        " python -m torch.distributed.run --standalone --nproc-per-node 4 -m iass step train"
    )


def test_the_machine_s_settings_arrive_as_one_word() -> None:
    settings = TrainSettings(workers=3, checkpoint_minutes=2.5, steps=7)
    word = str(write_machine(settings))
    assert shlex.split(word) == ['{"workers":3,"checkpoint_minutes":2.5}']
    assert shlex.split(str(write_machine(TrainSettings()))) == ["{}"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"batch_size": 6, "accumulate": 2, "processes": 2}, "must be a multiple"),
        ({"sync_batch_norm": True}, "needs two `processes`"),
        ({"data_on_device": True, "workers": 2}, "nothing to load"),
    ],
)
def test_settings_that_contradict_each_other_are_refused(wrong: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        MethodEntry.model_validate({"kind": "trained", "train": wrong})


@pytest.mark.slow
def test_only_settings_that_decide_the_model_train_it_again(tmp_path: Path) -> None:
    project = copy_project(tmp_path / "project", make_config())
    project.run("--until", "train")
    assert project.plan_jobs("--until", "train") == set()
    machine = {"workers": 1, "checkpoint_minutes": 1.0}
    project.write_config(make_config(**machine))
    assert project.plan_jobs("--until", "train") == set()
    project.write_config(make_config(data_on_device=True, accumulate=1))
    assert project.plan_jobs("--until", "train") == set()
    project.write_config(make_config(steps=4))
    assert any(job.startswith("Train open_unmix") for job in project.plan_jobs("--until", "train"))


def find_training(project: Project) -> int | None:
    """Return the process that trains in a project's folder."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
            is_ours = (folder / "cwd").resolve() == project.folder.resolve()
        except OSError:
            continue
        if is_ours and words[1:5] == [b"-m", b"iass", b"step", b"train"]:
            return int(folder.name)
    return None


def read_log(project: Project) -> str:
    logs = list(project.folder.glob("results/logs/train/**/*.log"))
    return logs[0].read_text() if logs else ""


def wait_until(condition: Any, seconds: float = 200) -> Any:
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return found


SLOW = pytest.mark.slow
ON_LINUX = pytest.mark.skipif(
    not Path("/proc/self/cwd").exists(), reason="looks into /proc (Linux)"
)
LONG = make_config(steps=600, validate_every=600)


@contextmanager
def start_run(project: Project) -> Iterator[subprocess.Popen[str]]:
    """Start Snakemake in a session of its own; yield it once the training has taken steps."""
    command = [sys.executable, "-m", "snakemake", "--cores", "2", "--until", "train"]
    with subprocess.Popen(
        command,
        cwd=project.folder,
        env=os.environ | {"XDG_CACHE_HOME": str(project.folder / ".cache")},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as run:
        wait_until(lambda: "the training begins" in read_log(project))
        time.sleep(0.3)
        yield run


def assert_equal_models(one: Project, two: Project) -> None:
    """Compare the bytes of all models."""
    models = list(one.folder.glob("results/models/**/model.*"))
    assert models
    for path in models:
        twin = two.folder / path.relative_to(one.folder)
        assert twin.read_bytes() == path.read_bytes()


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = copy_project(tmp_path_factory.mktemp("one") / "undisturbed", LONG)
    project.run("--until", "train")
    return project


@pytest.fixture
def asked(tmp_path: Path) -> Project:
    project = copy_project(tmp_path / "asked", LONG)
    project.run("--until", "prepare")
    return project


@SLOW
@ON_LINUX
def test_a_training_that_leaves_is_started_again_by_the_same_run(
    undisturbed: Project, asked: Project
) -> None:
    with start_run(asked) as run:
        os.kill(wait_until(lambda: find_training(asked)), signal.SIGTERM)
        said = run.communicate(timeout=300)[1]
        assert run.returncode == 0, said
    stopped = re.search(r"iass: Training stopped after step (\d+) of 600 by SIGTERM", said)
    assert stopped, said  # Snakemake shows the log of the attempt that left
    assert f"continues after step {stopped[1]}, 600 steps" in read_log(asked)
    assert_equal_models(undisturbed, asked)


@SLOW
@ON_LINUX
def test_a_run_that_is_told_to_end_is_continued_by_the_next(
    undisturbed: Project, asked: Project
) -> None:
    with start_run(asked) as run:
        wait_until(lambda: find_training(asked))
        os.killpg(run.pid, signal.SIGTERM)
        run.communicate(timeout=300)
        assert run.returncode != 0
    wait_until(lambda: not find_training(asked))
    stopped = re.search(r"Training stopped after step (\d+) of 600", read_log(asked))
    assert stopped
    asked.run("--until", "train")
    assert f"continues after step {stopped[1]}, 600 steps" in read_log(asked)
    assert_equal_models(undisturbed, asked)


@SLOW
@ON_LINUX
def test_a_model_that_was_ready_after_its_run_was_killed_is_not_trained_again(
    undisturbed: Project, asked: Project
) -> None:
    with start_run(asked) as run:
        wait_until(lambda: find_training(asked))
        run.kill()
    wait_until(lambda: not find_training(asked))
    assert list(asked.folder.glob("results/models/**/model.json"))
    asked.run("--unlock")
    asked.run("--until", "train")
    assert "the training ended after step 600" in read_log(asked)
    assert_equal_models(undisturbed, asked)
