"""More memory than there is: one sentence, by allocations that no machine can grant."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_set import write_tiny_set
from training_runs import HANGS, Run

from iass.foundation.errors import UserError
from iass.foundation.memory import explain_shortage

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    ("allocate", "asked"),
    [
        (lambda: torch.empty(1 << 58), " (it asked for 1152921504606846976 bytes at once)"),
        (lambda: np.empty(1 << 58), " (it asked for 2.00 EiB at once)"),
        (lambda: bytearray(1 << 60), ""),
    ],
)
def test_what_torch_numpy_and_python_raise_becomes_the_same_sentence(
    allocate: Callable[[], object], asked: str
) -> None:
    with pytest.raises(UserError) as caught, explain_shortage("The song", "take less"):
        allocate()
    sentence = f"The song needs more memory than this machine has{asked}; take less."
    assert str(caught.value) == sentence


GPU = "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 15.89 GiB."


@pytest.mark.parametrize(
    "error",
    [
        torch.OutOfMemoryError(GPU),
        RuntimeError(f"Caught it in DataLoader worker process 0.\nOriginal Traceback:\n{GPU}"),
    ],
)
def test_a_gpu_s_shortage_is_told_from_the_machine_s(error: Exception) -> None:
    sentence = r"than the GPU has \(it asked for 20\.00 GiB at once\)"
    with pytest.raises(UserError, match=sentence), explain_shortage("The song", "take less"):
        raise error


def test_other_errors_stay_what_they_are() -> None:
    with pytest.raises(RuntimeError, match="shapes differ"), explain_shortage("The song", "no"):
        raise RuntimeError("shapes differ")


def test_a_training_without_enough_memory_says_what_helps(tmp_path: Path) -> None:
    write_tiny_set(tmp_path)
    run = Run(tmp_path, tmp_path / "run", "open_unmix", chunk_s=1e10)
    with run.start() as process:
        said = process.communicate(timeout=HANGS)[1]
    assert process.returncode == 1
    assert "Traceback" not in said
    sentence = said.splitlines()[-1]
    assert sentence.startswith("iass: The training of 'bass' needs more memory than this machine")
    assert "raise train.accumulate, lower train.batch_size, or take a device with more" in sentence
    assert f"The last checkpoint stays in {tmp_path / 'run' / 'checkpoints'}" in sentence


def test_a_command_without_enough_memory_ends_in_a_sentence() -> None:
    command = "from iass.cli import main; main.app = lambda: bytearray(1 << 60); main.main()"
    done = subprocess.run(
        [sys.executable, "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert done.stderr.startswith("iass: The command needs more memory than this machine has; ")
    assert done.stderr.count("\n") == 1
