"""An IASS training step: ours and the straightforward way, on the same batch, in one run.

`python bench/training.py` prints a table; --quick is one short measurement each, --output a JSON
file with every measurement. One step is a batch of 8 x 6 s: both transforms, the network at the
paper's sizes, both losses, gradients and Adam, in one thread. The straightforward way is the
network as anybody writes it (eager float32, batch x channels x bins x frames). Ours starts as the
workflow starts it, with malloc tuned; the last two rows exchange that. The last case is what
drawing the batches of those steps costs. With a GPU, the steps run there.
"""

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from plain_unet import make_plain
from turns import Cost, Work, compare_mallocs, format_costs, measure_here, take_turns, write_costs

from baselines.iass import Method, Task
from iass.foundation.train_settings import TrainSettings
from iass.models.unet import UNet
from iass.training.chunks import Batch, ChunkSampler
from iass.training.songs import Song

RATE_HZ = 44100
CHUNK_S = 6.0
BATCH = 8
STEPS = 2  # measured, after one that is not
SEED = 5
SONGS = 8
SONG_S = 60.0
STEMS = ("bass", "drums", "other", "vocals")

STEP, DRAW = "IASS: 2 steps", "drawing 2 batches"


def main() -> None:
    """Measure and print."""
    if measure_here(WAYS, sys.argv[1:]):
        return
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one run")
    parser.add_argument("--output", type=Path, help="JSON file for every measurement")
    arguments = parser.parse_args()
    runs = 1 if arguments.quick else 5
    costs = take_turns(__file__, WAYS, [STEP], runs) + draw_alone(runs)
    sys.stdout.write(format_costs(costs))
    if arguments.output:
        write_costs(arguments.output, costs)


def draw_alone(runs: int) -> list[Cost]:
    """Measure how long our batches take to draw."""
    return take_turns(__file__, {"ours": WAYS["ours"]}, [DRAW], runs)


def prepare_ours(case: str) -> Work:
    """Return two steps of our network, or the drawing of their batches."""
    torch.set_num_threads(1)
    return prepare_drawing() if case == DRAW else prepare_steps(lambda network: network)


def prepare_plain(case: str) -> Work:
    """Return two steps of the straightforward network with the same weights."""
    torch.set_num_threads(1)
    return prepare_steps(make_plain)


def prepare_steps(choose: Callable[[UNet], torch.nn.Module]) -> Work:
    """Return two steps, after one that is not measured."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(SEED)
    method = Method()
    network = choose(method.build(RATE_HZ)).to(device).train()
    task = Task(network, method.stft, method.activity_weight)  # type: ignore[arg-type]
    optimiser = torch.optim.Adam(network.parameters(), 1e-3, weight_decay=1e-5)
    batch = make_batch().to(device)

    def take_step() -> None:
        optimiser.zero_grad()
        torch.autograd.backward(torch.stack(list(task.compute_losses(batch).values())).sum())
        optimiser.step()

    def take_steps() -> None:
        for _ in range(STEPS):
            take_step()
        if device.type == "cuda":
            torch.cuda.synchronize()

    take_step()
    return take_steps


def make_batch() -> Batch:
    """Return a mono batch of noise that is half target, playing every other second."""
    samples = round(CHUNK_S * RATE_HZ)
    sources = 0.1 * torch.randn(2, BATCH, 1, samples)
    labels = (torch.arange(samples // 1024 + 1) // 43 % 2).float().repeat(BATCH, 1)
    return Batch(sources.sum(dim=0), sources[0], labels)


def prepare_drawing() -> Work:
    """Return the drawing of the batches of two steps from memory-mapped stores."""
    folder = tempfile.TemporaryDirectory()
    songs = [make_song(Path(folder.name) / f"{index}.npy", index) for index in range(SONGS)]
    settings = TrainSettings(batch_size=BATCH, chunk_s=CHUNK_S)
    sampler = ChunkSampler(songs, settings, "mono", SEED, RATE_HZ)
    sampler.draw_batch(STEPS)

    def draw(_: object = folder) -> None:
        for step in range(STEPS):
            sampler.draw_batch(step)

    return draw


def make_song(path: Path, index: int) -> Song:
    """Write a store of noise, four stereo stems of 16 bits, and open it."""
    samples = round(SONG_S * RATE_HZ)
    rng = np.random.default_rng([SEED, index])
    np.save(path, rng.integers(-8000, 8000, (len(STEMS), 2, samples), dtype=np.int16))
    active = np.ones(samples // 1024 + 1, bool)
    return Song(str(index), np.load(path, mmap_mode="r"), STEMS, frozenset({"vocals"}), active)


WAYS = compare_mallocs(prepare_ours, prepare_plain)

if __name__ == "__main__":
    main()
