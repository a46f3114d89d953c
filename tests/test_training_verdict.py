"""A training that diverges is not tried again, until something of it changes."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from projects import TINY, copy_project
from tiny_set import write_tiny_set
from training_runs import HANGS, Run

TOO_FAST: dict[str, Any] = {"learning_rate": 1e30, "warmup": 0.0, "steps": 4, "validate_every": 4}
BEGINS = "the training begins"


def fail(run: Run) -> str:
    """Start a training that ends with an error; return what it said."""
    with run.start() as process:
        said = process.communicate(timeout=HANGS)[1]
        assert process.returncode == 1, said
    return said


def test_a_diverged_training_stops_at_once_with_the_same_sentence_until_its_settings_change(
    tmp_path: Path,
) -> None:
    write_tiny_set(tmp_path)
    run = Run(tmp_path, tmp_path / "run", **TOO_FAST)
    begins, sentence = fail(run).splitlines()
    assert BEGINS in begins
    assert "diverged: the loss of step 1 is not finite (chunks: " in sentence
    (verdict,) = (run.folder / "checkpoints").glob("*.diverged")
    assert sentence.endswith(f"; to do so all the same, delete {verdict}.")
    assert fail(run).splitlines() == [sentence]
    assert BEGINS in Run(tmp_path, run.folder, **TOO_FAST | {"learning_rate": 1e-3}).finish()
    assert fail(run).splitlines() == [sentence]
    verdict.unlink()
    assert fail(run).splitlines() == [begins, sentence]


@pytest.mark.slow
def test_the_workflow_s_further_attempts_take_no_step(tmp_path: Path) -> None:
    config = deepcopy(TINY)
    method = config["methods"]["open_unmix"]
    method["train"] |= TOO_FAST
    config["methods"] = {"open_unmix": method}
    config["experiments"]["tiny"]["methods"] = ["open_unmix"]
    config["experiments"]["tiny"]["targets"] = ["bass"]
    project = copy_project(tmp_path, config)
    done = project.snakemake("--cores", "1", "results/scores/tiny/open_unmix.parquet")
    assert done.returncode != 0
    assert done.stderr.count("Trying to restart job") == 3
    (log,) = (tmp_path / "results/logs/train").rglob("*.log")  # of the last attempt
    assert "diverged: " in log.read_text()
    assert BEGINS not in log.read_text()
