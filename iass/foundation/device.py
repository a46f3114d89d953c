"""One device per process: the CPU, or a GPU that no other job of this machine holds."""

import fcntl
import os
import tempfile
from pathlib import Path
from typing import IO

import torch

from iass.foundation.errors import UserError

_HELD: list[IO[str]] = []
"""Lock files of the claimed GPUs; closed, and so released, when the process ends."""


def choose_device(*, needs_own: bool = False) -> torch.device:
    """Return a GPU of its own for this process if there is one, else the CPU.

    With more processes than GPUs, the last ones share the first GPU; UserError for one that
    `needs_own`, as the processes of one training do. Which GPU it is does not follow from the
    number of the process (LOCAL_RANK): another training may hold that one.
    """
    count = torch.cuda.device_count()
    if count == 0:
        return torch.device("cpu")
    return torch.device("cuda", pick_index(count, _lock_folder(), needs_own=needs_own))


def check_device(name: str) -> str:
    """Return `name` if it is "cpu", "cuda" or "cuda:<n>" and that GPU is there; else UserError."""
    count = torch.cuda.device_count()
    known = ["cpu", *["cuda"][:count], *(f"cuda:{index}" for index in range(count))]
    if name not in known:
        raise UserError(
            f"The device '{name}' is not available here; choose one of: {', '.join(known)}."
        )
    return name


def pick_index(count: int, folder: Path, *, needs_own: bool) -> int:
    """Return the device that this process holds or can get, else the first, shared.

    UserError if all are held and it `needs_own`.
    """
    index = _held_index() if _HELD else claim_index(count, folder)
    if index is None and needs_own:
        raise UserError(
            f"Not enough GPUs: all {count} are taken; lower train.processes, or wait until another "
            "job has ended."
        )
    return index or 0


def claim_index(count: int, folder: Path) -> int | None:
    """Return the first of `count` devices that no process has locked in `folder`, and lock it.

    None if all are locked.
    """
    for index in range(count):
        stream = (folder / f"{index}.lock").open("w")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            continue
        _HELD.append(stream)
        return index
    return None


def _held_index() -> int:
    return int(Path(_HELD[0].name).stem)


def _lock_folder() -> Path:
    """Return this user's lock folder; other CUDA_VISIBLE_DEVICES number the devices differently."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").replace(",", "-")
    folder = Path(tempfile.gettempdir()) / f"iass-gpu-{os.getuid()}-{visible}"
    folder.mkdir(exist_ok=True)
    return folder
