"""GPUs: how many there are, and the sentence where torch cannot use them."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from iass.foundation.device import check_device, count_devices, explain_missing
from iass.foundation.errors import UserError
from iass.foundation.gpus import count_gpus

ROOT = Path(__file__).parents[1]
WITHOUT_GPU = pytest.mark.skipif(count_devices() > 0, reason="torch can use a GPU here")


def test_visible_gpus_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    for visible, count in (("", 0), ("-1", 0), ("0", 1), ("0,3", 2)):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
        assert count_gpus() == count


def test_without_a_driver_there_is_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert count_gpus() == 0


def test_a_driver_that_lists_two_gpus_gives_two(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_driver(tmp_path)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert count_gpus() == 2


def write_driver(folder: Path) -> None:
    """Write a program that lists two GPUs as NVIDIA's does."""
    program = folder / "nvidia-smi"
    program.write_text("#!/bin/sh\necho 'GPU 0: A (UUID: GPU-1)'\necho 'GPU 1: B (UUID: GPU-2)'\n")
    program.chmod(0o755)


@WITHOUT_GPU
def test_a_gpu_that_torch_cannot_use_is_told_once_and_the_cpu_computes(tmp_path: Path) -> None:
    write_driver(tmp_path)
    code = "from iass.foundation.device import choose_device as c; print(c(), c())"
    kept = {name: value for name, value in os.environ.items() if name != "CUDA_VISIBLE_DEVICES"}
    kept |= {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=kept, capture_output=True, text=True, check=True
    )
    assert done.stdout == "cpu cpu\n"
    assert done.stderr.startswith(f"iass: This machine has 2 GPU(s), but torch {torch.__version__}")
    assert done.stderr.endswith(". It computes on the CPU.\n")
    assert done.stderr.count("\n") == 1


@WITHOUT_GPU
def test_a_device_that_torch_cannot_use_is_refused_with_the_reason(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    with pytest.raises(UserError, match=r"choose one of: cpu\. This machine has 1 GPU\(s\), but"):
        check_device("cuda")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(UserError, match=r"choose one of: cpu\.$"):
        check_device("cuda")


@pytest.mark.parametrize(
    ("cuda", "reason"),
    [
        (None, "was built without CUDA; install torch for CUDA."),
        ("12.8", "cannot use a GPU with this driver (CUDA 12.8); update the driver."),
    ],
)
def test_the_reason_is_torch_or_the_driver(
    cuda: str | None, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.version, "cuda", cuda)
    assert explain_missing(0) == ""
    assert explain_missing(2).endswith(reason)
