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


def choose_device() -> torch.device:
    """Return a GPU of its own for this process if there is one, else the CPU.

    With more processes than GPUs, the last ones share the first GPU.
    """
    count = torch.cuda.device_count()
    if count == 0:
        return torch.device("cpu")
    return torch.device("cuda", _held_index() if _HELD else claim_index(count, _lock_folder()))


def check_device(name: str) -> str:
    """Return `name` if it is "cpu", "cuda" or "cuda:<n>" and that GPU is there; else UserError."""
    count = torch.cuda.device_count()
    known = ["cpu", *["cuda"][:count], *(f"cuda:{index}" for index in range(count))]
    if name not in known:
        raise UserError(
            f"The device '{name}' is not available here; choose one of: {', '.join(known)}."
        )
    return name


def claim_index(count: int, folder: Path) -> int:
    """Return the first of `count` devices that no process has locked in `folder`, and lock it."""
    for index in range(count):
        stream = (folder / f"{index}.lock").open("w")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.close()
            continue
        _HELD.append(stream)
        return index
    return 0


def _held_index() -> int:
    return int(Path(_HELD[0].name).stem)


def _lock_folder() -> Path:
    """Return this user's lock folder; other CUDA_VISIBLE_DEVICES number the devices differently."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES", "all").replace(",", "-")
    folder = Path(tempfile.gettempdir()) / f"iass-gpu-{os.getuid()}-{visible}"
    folder.mkdir(exist_ok=True)
    return folder
