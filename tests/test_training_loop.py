import json
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from tiny_set import make_job, write_tiny_set
from torch import nn

from baselines.iass import Method as Iass
from baselines.open_unmix import Method as OpenUnmix
from iass.foundation.errors import UserError
from iass.foundation.stft import Stft
from iass.training.data import open_training_data
from iass.training.loop import train

SMALL = {"n_fft": 1024, "hop": 512, "max_hz": 6000.0}
METHODS = {
    "iass": Iass(widths=(3, 4), **SMALL),
    "open_unmix": OpenUnmix(hidden_size=8, layers=2, **SMALL),
}
FILES = ("model.safetensors", "model.json")


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_set(folder)
    return folder


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class StoppedError(Exception):
    pass


def stop_at(step, monkeypatch):
    """Let the training die after so many steps of Adam, as a killed job does."""
    take, count = torch.optim.Adam.step, [0]

    def step_or_stop(optimiser, *arguments):
        count[0] += 1
        if count[0] > step:
            raise StoppedError
        return take(optimiser, *arguments)

    monkeypatch.setattr(torch.optim.Adam, "step", step_or_stop)


@pytest.mark.parametrize("name", METHODS)
@pytest.mark.parametrize("schedule", ["warmup_cosine", "plateau"])
def test_a_killed_and_resumed_training_equals_an_undisturbed_one(
    name, schedule, source, tmp_path, monkeypatch
):
    settings = {"schedule": schedule, "epochs": 6, "lr_patience": 1, "validate_every": 2}
    whole = make_job(source, tmp_path / "whole", **settings)
    resumed = make_job(source, tmp_path / "resumed", **settings)
    METHODS[name].fit(whole)
    with monkeypatch.context() as patch:
        stop_at(5, patch)
        with pytest.raises(StoppedError):
            METHODS[name].fit(resumed)
    assert (resumed.checkpoints / "last.pt").exists()
    METHODS[name].fit(resumed)
    for file in FILES:
        assert (whole.folder / file).read_bytes() == (resumed.folder / file).read_bytes()
    assert not (resumed.checkpoints / "last.pt").exists()


@pytest.mark.parametrize("name", METHODS)
def test_a_repeated_training_gives_the_same_bytes_whatever_torch_s_state(name, source, tmp_path):
    jobs = [make_job(source, tmp_path / str(index)) for index in range(2)]
    torch.manual_seed(1)
    before = torch.get_rng_state()
    METHODS[name].fit(jobs[0])
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    METHODS[name].fit(jobs[1])
    for file in FILES:
        assert (jobs[0].folder / file).read_bytes() == (jobs[1].folder / file).read_bytes()


def test_another_seed_gives_another_model(source, tmp_path):
    jobs = [make_job(source, tmp_path / str(seed), seed=seed) for seed in range(2)]
    for job in jobs:
        METHODS["open_unmix"].fit(job)
    weights = [(job.folder / FILES[0]).read_bytes() for job in jobs]
    assert weights[0] != weights[1]


def test_a_checkpoint_of_other_settings_is_not_resumed(source, tmp_path, monkeypatch):
    other = make_job(source, tmp_path, learning_rate=1.0)
    with monkeypatch.context() as patch:
        stop_at(5, patch)
        with pytest.raises(StoppedError):
            METHODS["iass"].fit(other)
    job, fresh = make_job(source, tmp_path), make_job(source, tmp_path / "fresh")
    METHODS["iass"].fit(job)
    METHODS["iass"].fit(fresh)
    assert (job.folder / FILES[0]).read_bytes() == (fresh.folder / FILES[0]).read_bytes()


def test_a_damaged_checkpoint_is_named(source, tmp_path):
    job = make_job(source, tmp_path)
    job.checkpoints.mkdir(parents=True)
    (job.checkpoints / "last.pt").write_bytes(b"no checkpoint")
    with pytest.raises(UserError, match=r"last\.pt is damaged"):
        METHODS["iass"].fit(job)


def test_the_facts_hold_the_curve_and_nothing_of_time_or_machine(source, tmp_path):
    job = make_job(source, tmp_path)
    METHODS["iass"].fit(job)
    facts = json.loads((job.folder / "model.json").read_text())
    assert sorted(facts) == [
        "best_step",
        "best_validation_mse",
        "channels",
        "curve",
        "options",
        "parameters",
        "provenance",
        "rate_hz",
        "seed",
        "settings",
        "target",
        "training_songs",
    ]
    losses = [point["validation_loss"] for point in facts["curve"]]
    assert [point["step"] for point in facts["curve"]] == [1, 2, 3, 4, 5, 6]
    assert [loss is None for loss in losses] == [True, True, False, True, True, False]
    best = min(loss for loss in losses if loss is not None)
    assert facts["best_validation_mse"] == best == losses[facts["best_step"] - 1]
    assert facts["training_songs"] == 2
    assert facts["provenance"] == {"data": "tiny"}
    cost = json.loads((job.folder / "cost.json").read_text())
    assert cost["steps"] == 6
    assert cost["seconds"] > 0
    assert list((job.checkpoints / "tensorboard").iterdir())


@dataclass
class ScaleTask:
    """One number times the mixture; the loss is what the test says."""

    network: nn.Module
    stft: Stft
    gradient: float

    def compute_losses(self, batch):
        return {"mse": self.gradient * self.network.weight.sum()}

    def estimate_magnitude(self, magnitude):
        return magnitude * self.network.weight


def make_scale_task(gradient):
    network = nn.Linear(1, 1, bias=False)
    nn.init.ones_(network.weight)
    return ScaleTask(network, Stft(512, 256), gradient)


def test_the_best_weights_are_kept_not_the_last(source, tmp_path):
    settings = {"learning_rate": 0.5, "warmup": 0.0, "steps": 8, "validate_every": 1}
    job = make_job(source, tmp_path, weight_decay=0.0, **settings)
    train(job, open_training_data(job), make_scale_task(1.0), {})  # walks from 1 through 0 and on
    facts = json.loads((job.folder / "model.json").read_text())
    losses = [point["validation_loss"] for point in facts["curve"]]
    assert facts["best_step"] == int(np.argmin(losses)) + 1 < 8


def test_early_stopping_ends_a_training_that_gets_no_better(source, tmp_path):
    job = make_job(source, tmp_path, schedule="plateau", epochs=50, patience=2, validate_every=1)
    train(job, open_training_data(job), make_scale_task(-1.0), {})
    curve = json.loads((job.folder / "model.json").read_text())["curve"]
    assert [point["step"] for point in curve] == [1, 2, 3]


def test_a_diverging_training_stops_with_a_sentence(source, tmp_path):
    job = make_job(source, tmp_path)
    with pytest.raises(UserError, match="diverged"):
        train(job, open_training_data(job), make_scale_task(float("inf")), {})


@pytest.mark.parametrize("name", METHODS)
def test_a_tiny_network_learns_a_tiny_song(name, source, tmp_path):
    job = make_job(source, tmp_path, steps=60, validate_every=60, batch_size=4)
    METHODS[name].fit(job)
    facts = json.loads((job.folder / "model.json").read_text())
    assert facts["curve"][-1]["training_loss"] < 0.5 * facts["curve"][0]["training_loss"]
