"""How a training is started: its environment, and torchrun where several processes share it."""

import shlex
from dataclasses import dataclass

from iass.foundation.train_settings import WITHOUT_EFFECT, TrainSettings

# glibc gives every large tensor pages of its own and takes them back; without that a training on a
# CPU saves up to half its time. Other C libraries do not look at the variable.
_ALLOCATION = (
    "GLIBC_TUNABLES=glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=4294967296"
    ":glibc.malloc.top_pad=268435456"  # bytes
)
_REPEATABLE = "CUBLAS_WORKSPACE_CONFIG=:4096:8"  # else cuBLAS may round differently every time
_TORCHRUN = "torch.distributed.run --standalone --nproc-per-node"


@dataclass(frozen=True)
class Untracked:
    """A part of a command whose change reruns nothing.

    Snakemake remembers the parameters of built-in types, and compares no others.
    """

    text: str

    def __str__(self) -> str:
        return self.text


def write_command(settings: TrainSettings) -> Untracked:
    """Return the first words of a training's command line."""
    processes = settings.processes
    launcher = f"{_TORCHRUN} {processes} -m " if processes > 1 else ""
    return Untracked(f"{_ALLOCATION} {_REPEATABLE} python -m {launcher}iass step train")


def write_separation() -> Untracked:
    """Return the first words of a separation's command line."""
    return Untracked(f"{_ALLOCATION} python -m iass step separate")


def write_machine(settings: TrainSettings) -> Untracked:
    """Return the settings that change no byte of the model, as one word of JSON."""
    text = settings.model_dump_json(include=set(WITHOUT_EFFECT), exclude_defaults=True)
    return Untracked(shlex.quote(text))
