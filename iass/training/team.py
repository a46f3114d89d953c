"""The processes of one training: they share every batch, and act as one."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, distributed, nn

from iass.foundation.errors import UserError


@dataclass(frozen=True)
class Team:
    """This process among `size` ones that torchrun started; alone by default."""

    rank: int = 0
    size: int = 1
    control: distributed.ProcessGroup | None = None
    """Group for decisions, on the CPU: asking it does not wait for a GPU."""

    @property
    def is_first(self) -> bool:
        """Whether this process writes files and speaks for all."""
        return self.rank == 0

    def average(self, tensors: Sequence[Tensor]) -> None:
        """Replace float tensors of one device by their means over the processes, in one message."""
        if self.size == 1 or not tensors:
            return
        flat = torch.cat([tensor.flatten() for tensor in tensors])
        distributed.all_reduce(flat)
        pieces = torch.split(flat / self.size, [tensor.numel() for tensor in tensors])
        for tensor, piece in zip(tensors, pieces, strict=True):
            tensor.copy_(piece.view_as(tensor))

    def sum_up(self, values: Sequence[float]) -> list[float]:
        """Return sums over the processes, in double precision."""
        if self.size == 1:
            return list(values)
        sums = torch.tensor(values, dtype=torch.float64)
        distributed.all_reduce(sums, group=self.control)
        return [float(value) for value in sums]

    def agree(self, wish: bool) -> bool:
        """Return whether any process wishes so."""
        return self.sum_up([float(wish)])[0] > 0

    def copy_first(self, network: nn.Module) -> None:
        """Give every process the weights and buffers of the first."""
        if self.size > 1:
            for value in network.state_dict().values():
                distributed.broadcast(value, 0)


ALONE = Team()


@contextmanager
def join_team(size: int, device: torch.device) -> Iterator[Team]:
    """Join the other processes of a training of `size` ones, and leave them at the end.

    UserError if torchrun did not start so many, or if one of them is lost on the way.
    """
    if size == 1:
        yield ALONE
        return
    _check_size(size)
    on_gpu = device.type == "cuda"
    distributed.init_process_group("nccl" if on_gpu else "gloo")
    try:
        control = distributed.new_group(backend="gloo") if on_gpu else None
        yield Team(distributed.get_rank(), size, control)
    except RuntimeError as error:
        raise _name_loss(error) from error
    finally:
        distributed.destroy_process_group()


def _check_size(size: int) -> None:
    started = int(os.environ.get("WORLD_SIZE", "1"))
    if started != size:
        raise UserError(
            f"train.processes is {size}, but {started} process(es) were started; let Snakemake "
            f"start the training, or `python -m torch.distributed.run --standalone "
            f"--nproc-per-node {size} -m iass step train ...`."
        )


def _name_loss(error: RuntimeError) -> Exception:
    """Return the sentence for a lost process, or the error if it is something else."""
    text = str(error)
    if not isinstance(error, distributed.DistBackendError) and "gloo" not in text.lower():
        return error
    return UserError(
        f"Another process of this training is gone ({text.splitlines()[0]:.120}); start the "
        "training again, and it goes on from its last checkpoint."
    )
