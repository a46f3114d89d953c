import json
import pickle
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny_set import make_job, write_tiny_set
from torch import nn

from baselines.iass import Method as Iass
from baselines.open_unmix import Method as OpenUnmix
from iass.foundation.errors import UserError
from iass.foundation.stft import Stft
from iass.foundation.train_settings import WITHOUT_EFFECT
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
@pytest.mark.parametrize("minutes", [1e-9, 10.0])
def test_a_killed_and_resumed_training_equals_an_undisturbed_one(
    name, schedule, minutes, source, tmp_path, monkeypatch
):
    settings = {"schedule": schedule, "epochs": 6, "lr_patience": 1, "validate_every": 2}
    settings |= {"chunks_per_track": 2}  # an epoch, and so a report, is two steps
    whole = make_job(source, tmp_path / "whole", **settings)
    resumed = make_job(source, tmp_path / "resumed", checkpoint_minutes=minutes, **settings)
    METHODS[name].fit(whole)
    with monkeypatch.context() as patch:
        stop_at(5, patch)
        with pytest.raises(StoppedError):
            METHODS[name].fit(resumed)
    assert len(list(resumed.checkpoints.glob("*.pt"))) == 1
    METHODS[name].fit(resumed)
    for file in FILES:
        assert (whole.folder / file).read_bytes() == (resumed.folder / file).read_bytes()
    assert not list(resumed.checkpoints.glob("*.pt"))


def test_a_model_that_is_lost_is_written_again_without_a_step(
    source, tmp_path, monkeypatch, capsys
):
    """Snakemake deletes what a job wrote that outlived it."""
    job = make_job(source, tmp_path)
    METHODS["iass"].fit(job)
    before = {file: (job.folder / file).read_bytes() for file in FILES}
    shutil.rmtree(job.folder)
    capsys.readouterr()
    with monkeypatch.context() as patch:
        stop_at(0, patch)
        METHODS["iass"].fit(job)
    assert "the training ended after step" in capsys.readouterr().err
    assert {file: (job.folder / file).read_bytes() for file in FILES} == before


def test_of_trainings_that_ended_only_the_last_is_kept(source, tmp_path):
    for seed in (0, 1, 1, 0):
        job = make_job(source, tmp_path, seed=seed)
        METHODS["iass"].fit(job)
        (found,) = job.checkpoints.glob("*.finished")
        assert torch.load(found, weights_only=True)["progress"]["step"] == job.settings.steps


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


def leave_checkpoint(job, monkeypatch):
    """Train half-way and return the checkpoint."""
    with monkeypatch.context() as patch:
        stop_at(5, patch)
        with pytest.raises(StoppedError):
            METHODS["iass"].fit(job)
    return next(job.checkpoints.glob("*.pt"))


def test_a_checkpoint_of_other_settings_is_named_and_stays(source, tmp_path, monkeypatch, capsys):
    kept = leave_checkpoint(make_job(source, tmp_path, learning_rate=1.0), monkeypatch)
    content = kept.read_bytes()
    job, fresh = make_job(source, tmp_path), make_job(source, tmp_path / "fresh")
    capsys.readouterr()
    METHODS["iass"].fit(job)
    assert f"{kept} is of other settings, data or code; it stays." in capsys.readouterr().err
    METHODS["iass"].fit(fresh)
    assert (job.folder / FILES[0]).read_bytes() == (fresh.folder / FILES[0]).read_bytes()
    assert kept.read_bytes() == content


def test_settings_that_change_no_byte_change_no_byte_nor_the_checkpoint_s_name(
    source, tmp_path, monkeypatch
):
    plain, other = make_job(source, tmp_path / "plain"), make_job(source, tmp_path / "other")
    METHODS["iass"].fit(plain)
    changed = {"workers": 0, "data_on_device": True, "checkpoint_minutes": 1e-9}
    assert set(changed) == set(WITHOUT_EFFECT)
    left = leave_checkpoint(other, monkeypatch)
    METHODS["iass"].fit(make_job(source, tmp_path / "other", **changed))
    assert not left.exists()
    for file in FILES:
        assert (plain.folder / file).read_bytes() == (other.folder / file).read_bytes()


def test_a_checkpoint_is_written_when_its_minutes_are_over(source, tmp_path, monkeypatch):
    job = make_job(source, tmp_path, checkpoint_minutes=1e-9, validate_every=6)
    path = leave_checkpoint(job, monkeypatch)  # after step 5, before any validation
    content = torch.load(path, weights_only=True)
    assert content["progress"]["step"] == 5
    assert content["progress"]["curve"][-1]["validation_loss"] is None


@pytest.mark.parametrize("damage", ["truncated", "foreign", "renamed", "empty", "incomplete"])
def test_a_damaged_or_foreign_checkpoint_is_refused_by_name(damage, source, tmp_path, monkeypatch):
    job = make_job(source, tmp_path)
    path = leave_checkpoint(job, monkeypatch)
    content = torch.load(path, weights_only=True)
    match damage:
        case "truncated":
            path.write_bytes(path.read_bytes()[:-1000])
        case "foreign":
            path.write_bytes(pickle.dumps(Path("no weights")))
        case "renamed":
            torch.save(content | {"identity": "0" * 64}, path)
        case "empty":
            path.write_bytes(b"")
        case "incomplete":
            torch.save(content | {"optimiser": {}}, path)
    reason = "belongs to another" if damage == "renamed" else "is damaged or no checkpoint"
    with pytest.raises(UserError, match=rf"{path.name} {reason}.*delete it"):
        METHODS["iass"].fit(job)


def test_the_curve_is_a_table_beside_the_checkpoint_and_beside_the_model(source, tmp_path):
    job = make_job(source, tmp_path, steps=2, validate_every=2)
    METHODS["iass"].fit(job)
    text = (job.folder / "curve.csv").read_text()
    assert [path.read_text() for path in job.checkpoints.glob("*.csv")] == [text]
    facts = json.loads((job.folder / "model.json").read_text())
    first, last = facts["curve"]
    assert text.splitlines() == [
        "step,training_loss,validation_loss,learning_rate",
        f"1,{first['training_loss']},,{first['learning_rate']}",
        f"2,{last['training_loss']},{last['validation_loss']},{last['learning_rate']}",
    ]


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
    assert cost["chunks_per_second"] == pytest.approx(12 / cost["seconds"])
    assert 0 < cost["waiting_share"] < 1
    assert cost["gpu_hours"] is None or cost["gpu_hours"] > 0
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


class DivergingTask(ScaleTask):
    """Its loss is no number at one step."""

    bad_step, step = 4, -1

    def compute_losses(self, batch):
        self.step += 1
        factor = float("nan") if self.step == self.bad_step else 1.0
        return {"mse": factor * self.network.weight.sum()}


def test_a_diverging_training_names_step_and_chunks_and_leaves_the_checkpoint(source, tmp_path):
    job = make_job(source, tmp_path)
    task = DivergingTask(nn.Linear(1, 1, bias=False), Stft(512, 256), 1.0)
    data = open_training_data(job)
    places = data.sampler.list_places(4, 0, 1)
    chunks = ", ".join(f"{place.song.id} at {place.start / 44100:.2f} s" for place in places)
    with pytest.raises(UserError, match=re.escape(f"step 4 is not finite (chunks: {chunks})")):
        train(job, data, task, {})
    content = torch.load(next(job.checkpoints.glob("*.pt")), weights_only=True)
    assert content["progress"]["step"] == 3
    assert all(value.isfinite().all() for value in content["network"].values())


class EndlessSlopeTask(ScaleTask):
    """Its loss is 0 and has no gradient."""

    def compute_losses(self, batch):
        return {"mse": (0 * self.network.weight).sqrt().sum()}


def test_weights_that_are_no_numbers_are_never_saved(source, tmp_path):
    job = make_job(source, tmp_path, checkpoint_minutes=1e-9)
    task = EndlessSlopeTask(nn.Linear(1, 1, bias=False), Stft(512, 256), 1.0)
    with pytest.raises(UserError, match="a weight is not finite after 1 steps"):
        train(job, open_training_data(job), task, {})
    assert not list(job.checkpoints.glob("*.pt"))


@pytest.mark.parametrize("name", METHODS)
def test_a_tiny_network_learns_a_tiny_song(name, source, tmp_path):
    job = make_job(source, tmp_path, steps=60, validate_every=60, batch_size=4)
    METHODS[name].fit(job)
    facts = json.loads((job.folder / "model.json").read_text())
    assert facts["curve"][-1]["training_loss"] < 0.5 * facts["curve"][0]["training_loss"]
