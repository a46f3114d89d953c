"""Batch norm whose statistics two processes share: what one process does with the whole batch.

On the way down torch's own SyncBatchNorm runs, on GPUs only; the way up is ours and runs here.
"""

import subprocess
import sys
from pathlib import Path

import torch

from iass.models.unet.parts import UpBlock

# 2 widths, 3 channels after, 7 bins; a batch of 4, two of them in each process.
PART = """
import sys
import torch
from torch import distributed, nn
from iass.models.unet.parts import UpBlock

rank, folder = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
block, x, skipped = torch.load(f"{folder}/whole.pt", weights_only=False)
nn.SyncBatchNorm.convert_sync_batchnorm(block)
part = slice(2 * rank, 2 * rank + 2)
x = x[part].clone().requires_grad_()
y, affine = block(x, None, skipped[part])
out = y * affine.scale + affine.shift
(out**3).mean().backward()
gradients = [parameter.grad for parameter in block.narrow.parameters()]
for gradient in gradients:
    distributed.all_reduce(gradient)
    gradient /= 2
torch.save([out.detach(), x.grad / 2, *gradients, *block.buffers()], f"{folder}/{rank}.pt")
distributed.destroy_process_group()
"""


def test_two_processes_that_share_statistics_equal_one_with_the_whole_batch(tmp_path: Path) -> None:
    torch.manual_seed(0)
    block = UpBlock(2, 3, 7).double()
    x, skipped = (torch.randn(4, 5, *shape).double() for shape in ((2, 2), (7, 3)))
    torch.save([block, x, skipped], tmp_path / "whole.pt")
    words = [sys.executable, "-c", PART]
    parts = [subprocess.Popen([*words, str(rank), str(tmp_path)]) for rank in range(2)]
    assert [part.wait(timeout=120) for part in parts] == [0, 0]
    x.requires_grad_()
    y, affine = block(x, None, skipped)
    assert affine is not None
    out = y * affine.scale + affine.shift
    torch.autograd.backward((out**3).mean())
    expected = [parameter.grad for parameter in block.narrow.parameters()] + list(block.buffers())
    first, second = (torch.load(tmp_path / f"{rank}.pt") for rank in range(2))
    torch.testing.assert_close(torch.cat([first[0], second[0]]), out.detach())
    torch.testing.assert_close(torch.cat([first[1], second[1]]), x.grad)
    for mine, theirs, wanted in zip(first[2:], second[2:], expected, strict=True):
        torch.testing.assert_close(mine, wanted)
        torch.testing.assert_close(theirs, wanted)
