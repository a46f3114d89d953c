"""Torch's randomness (start weights, dropout) from a seed, without touching the caller's."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

_TORCH_STREAM = 2  # apart from the streams of iass.training.chunks


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch for the block, and give it its old random state back afterwards."""
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        seed_step(seed, 0)
        yield


def seed_step(seed: int, step: int, part: int = 0) -> None:
    """Seed torch for a part of a step, so that a resumed training draws the same dropout."""
    words = (seed, _TORCH_STREAM, step, part) if part else (seed, _TORCH_STREAM, step)
    sequence = np.random.SeedSequence(words)
    torch.manual_seed(int(sequence.generate_state(1)[0]))
