"""One device per process: the CPU, or a GPU that no other job of this machine holds."""

import fcntl
import os
import sys
import tempfile
from functools import cache
from pathlib import Path

import torch

from iass.foundation.errors import UserError
from iass.foundation.gpus import count_gpus


def choose_device(*, needs_own: bool = False) -> torch.device:
    """Return a GPU of its own for this process if there is one, else the CPU.

    It is the same one as long as the process lives, and torch's current device. Says so on stderr,
    once, where a GPU is there and torch cannot use it. With more processes than GPUs, the last ones
    share the first GPU; UserError for one that `needs_own`, as the processes of one training do.
    Which GPU it is does not follow from the number of the process (LOCAL_RANK): another training
    may hold that one.
    """
    count = count_devices()
    if count == 0:
        _tell_missing()
        return torch.device("cpu")
    device = torch.device("cuda", pick_index(count, _lock_folder(), needs_own=needs_own))
    torch.cuda.set_device(device)
    return device


def check_device(name: str) -> str:
    """Return `name` if it is "cpu", "cuda" or "cuda:<n>" and that GPU is there; else UserError."""
    count = count_devices()
    known = ["cpu", *["cuda"][:count], *(f"cuda:{index}" for index in range(count))]
    if name not in known:
        wrong = explain_missing(count_gpus() if count == 0 else 0)
        raise UserError(
            f"The device '{name}' is not available here; choose one of: {', '.join(known)}."
            f"{wrong and ' '}{wrong}"
        )
    return name


def count_devices() -> int:
    """Return the number of GPUs that torch can compute on; its own count asks the driver alone."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def explain_missing(gpus: int) -> str:
    """Return why torch cannot compute on `gpus` GPUs that there are: a sentence; "" for none."""
    if gpus == 0:
        return ""
    reason = (
        "cannot use a GPU with this driver (CUDA " + torch.version.cuda + "); update the driver"
        if torch.version.cuda
        else "was built without CUDA; install torch for CUDA"
    )
    return f"This machine has {gpus} GPU(s), but torch {torch.__version__} {reason}."


@cache
def _tell_missing() -> None:
    sentence = explain_missing(count_gpus())
    if sentence:
        sys.stderr.write(f"iass: {sentence} It computes on the CPU.\n")


def pick_index(count: int, folder: Path, *, needs_own: bool) -> int:
    """Return the device that this process holds or can get, else the first, shared.

    UserError if all were held when it first asked, and it `needs_own`.
    """
    index = claim_index(count, folder)
    if index is None and needs_own:
        raise UserError(
            f"Not enough GPUs: all {count} are taken; lower train.processes, or wait until another "
            "job has ended."
        )
    return index or 0


@cache
def claim_index(count: int, folder: Path) -> int | None:
    """Return the first of `count` devices that no process has locked in `folder`, and lock it.

    None if all are locked. What a process was told it is told again: tensors of one network must
    not come to lie on two devices because another job has ended in between.
    """
    for index in range(count):
        handle = os.open(folder / f"{index}.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            continue
        return index  # the file stays open, and so locked, until the process ends
    return None


def _lock_folder() -> Path:
    """Return this user's lock folder; other CUDA_VISIBLE_DEVICES number the devices differently."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").replace(",", "-")
    folder = Path(tempfile.gettempdir()) / f"iass-gpu-{os.getuid()}-{visible}"
    folder.mkdir(exist_ok=True)
    return folder
