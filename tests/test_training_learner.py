"""One step: parts of a batch, precision, and compiled networks beside eager ones."""

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_set import make_job, write_tiny_set
from torch import nn

from baselines.iass import Method as Iass
from baselines.iass import Task as IassTask
from baselines.open_unmix import Method as OpenUnmix
from baselines.open_unmix import Task as OpenUnmixTask
from iass.foundation.stft import Stft
from iass.training.data import measure_spectrum, open_training_data
from iass.training.guard import LossGuard
from iass.training.hardware import prepare_network
from iass.training.learner import Learner, choose_precision
from iass.training.loader import Shares
from iass.training.seeds import seeded
from iass.training.team import ALONE

CPU = torch.device("cpu")
STFT = Stft(1024, 512)
SMALL = {"n_fft": 1024, "hop": 512, "max_hz": 6000.0}


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_set(folder)
    return folder


@dataclass(frozen=True)
class LinearTask:
    """A factor per bin, so that nothing but the mean over chunks joins them."""

    network: nn.Module
    stft: Stft = STFT

    def compute_losses(self, batch):
        magnitude = self.stft.transform(batch.mixture, center=False).abs()
        target = self.stft.transform(batch.target, center=False).abs()
        estimate = self.network(magnitude.transpose(2, 3)).transpose(2, 3)
        return {"mse": (estimate - target).square().mean()}

    def estimate_magnitude(self, magnitude):
        return magnitude


def make_linear_task():
    with seeded(0):
        return LinearTask(nn.Linear(513, 513))


def make_iass_task(job):
    data = open_training_data(job)
    method = Iass(widths=(3, 4), **SMALL)
    with seeded(0):
        network = method.build(44100, measure_spectrum(data.sampler, method.stft))
    return IassTask(network, method.stft, 2.0)


def make_open_unmix_task(job):
    data = open_training_data(job)
    method = OpenUnmix(hidden_size=8, layers=2, **SMALL)
    with seeded(0):
        network = method.build("mono", 44100, measure_spectrum(data.sampler, method.stft))
    return OpenUnmixTask(network, method.stft)


TASKS: dict[str, Any] = {"iass": make_iass_task, "open_unmix": make_open_unmix_task}


def learn(task, job, steps=2):
    """Take steps on the tiny set; return the losses."""
    sampler = open_training_data(job).sampler
    prepare_network(task.network, job.settings, CPU)
    optimiser = torch.optim.Adam(task.network.parameters())
    learner = Learner(task, optimiser, job.settings, LossGuard(sampler, "bass", CPU), ALONE, 0)
    shares = Shares(sampler)
    batches = (shares[index] for index in itertools.count())
    with seeded(0):
        return [learner.take_step(step, 1e-3, batches) for step in range(steps)]


def test_parts_of_a_batch_learn_what_the_whole_learns(source, tmp_path):
    tasks, losses = [], []
    for accumulate in (1, 2, 4):
        job = make_job(source, tmp_path, batch_size=4, accumulate=accumulate)
        tasks.append(make_linear_task())
        losses.append([float(step["mse"]) for step in learn(tasks[-1], job)])
    for task, found in zip(tasks[1:], losses[1:], strict=True):
        assert found == pytest.approx(losses[0], rel=1e-5)
        torch.testing.assert_close(task.network.weight, tasks[0].network.weight)


@pytest.mark.parametrize("name", TASKS)
def test_bf16_leaves_losses_weights_and_their_gradients_in_float32(name, source, tmp_path):
    job = make_job(source, tmp_path, batch_size=4, precision="bf16")
    full, half = TASKS[name](job), TASKS[name](job)
    expected = learn(full, make_job(source, tmp_path, batch_size=4))
    found = learn(half, job)
    for first, second in zip(expected, found, strict=True):
        for key, value in first.items():
            assert second[key].dtype == torch.float32
            assert float(second[key]) != float(value)
            assert float(second[key]) == pytest.approx(float(value), rel=0.03)
    for parameter in half.network.parameters():
        assert parameter.dtype == parameter.grad.dtype == torch.float32


def test_the_network_itself_computes_in_bf16_and_the_stft_does_not(source, tmp_path):
    job = make_job(source, tmp_path, precision="bf16")
    task, seen = make_linear_task(), []
    task.network.register_forward_hook(
        lambda _, inputs, output: seen.append((inputs[0].dtype, output.dtype))
    )
    batch = open_training_data(job).sampler.draw_batch(0)
    with choose_precision(job.settings, CPU):
        task.compute_losses(batch)
    assert seen == [(torch.float32, torch.bfloat16)]


@pytest.mark.slow
@pytest.mark.skipif(
    not (shutil.which("g++") or shutil.which("clang++")), reason="there is no C++ compiler"
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")
@pytest.mark.parametrize("name", TASKS)
def test_a_compiled_network_learns_what_the_eager_one_learns(name, source, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(Path(tmp_path) / "inductor"))
    eager, compiled = (TASKS[name](make_job(source, tmp_path)) for _ in range(2))
    dropout = [module for task in (eager, compiled) for module in task.network.modules()]
    for module in dropout:
        if isinstance(module, nn.Dropout | nn.LSTM):
            module.dropout = 0.0  # compiled code draws other random numbers
            module.p = 0.0
    expected = learn(eager, make_job(source, tmp_path))
    found = learn(compiled, make_job(source, tmp_path, compile=True))
    assert type(compiled.network) is type(eager.network)
    for first, second in zip(expected, found, strict=True):
        for key, value in first.items():
            assert float(second[key]) == pytest.approx(float(value), rel=1e-4)
    assert list(compiled.network.state_dict()) == list(eager.network.state_dict())
    for first, second in zip(
        eager.network.parameters(), compiled.network.parameters(), strict=True
    ):
        torch.testing.assert_close(second.grad, first.grad, rtol=1e-2, atol=1e-4)
