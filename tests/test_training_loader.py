"""Loading processes: the same batches with any number of them, and none outlives its training."""

import os
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest
import torch
from tiny_set import make_job, write_tiny_set

from iass.foundation.errors import UserError
from iass.training.data import open_training_data
from iass.training.loader import Shares, choose_workers, open_batches

CPU = torch.device("cpu")
MARK = "IASS_TEST_MARK"
_ENDLESS = """
import sys, time
from pathlib import Path
import torch
from iass.training.data import open_training_data
from iass.training.loader import Shares, open_batches
from tiny_set import make_job
if __name__ == "__main__":
    job = make_job(Path(sys.argv[1]), Path(sys.argv[2]))
    shares = Shares(open_training_data(job).sampler)
    with open_batches(shares, range(1000), 2, torch.device("cpu")) as batches:
        next(batches)
        print("loading", flush=True)
        time.sleep(100)
"""


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    write_tiny_set(folder)
    return folder


def load(job, steps, workers):
    shares = Shares(open_training_data(job).sampler)
    with open_batches(shares, steps, workers, CPU) as batches:
        return list(batches)


@pytest.mark.filterwarnings("ignore:This DataLoader will create")  # more than there are cores
@pytest.mark.parametrize("workers", [0, 1, 4])
def test_any_number_of_workers_gives_the_same_batches_from_any_step(workers, source, tmp_path):
    job = make_job(source, tmp_path, remix=True)
    sampler = open_training_data(job).sampler
    before = torch.get_rng_state()
    loaded = load(job, range(5, 12), workers)
    assert torch.equal(torch.get_rng_state(), before)
    assert len(loaded) == 7
    for step, batch in enumerate(loaded, start=5):
        expected = sampler.draw_batch(step)
        for name in ("mixture", "target", "labels"):
            assert torch.equal(getattr(batch, name), getattr(expected, name))


def test_processes_and_turns_divide_a_batch(source, tmp_path):
    job = make_job(source, tmp_path, batch_size=8, accumulate=2, processes=2)
    sampler = open_training_data(job).sampler
    shares = [Shares(sampler, rank, 2) for rank in range(2)]
    for step in (0, 3):
        pieces = [shares[rank][2 * step + turn] for turn in range(2) for rank in range(2)]
        whole = torch.cat([piece.mixture for piece in pieces])
        assert torch.equal(whole, sampler.draw_batch(step).mixture)


def test_a_gpu_has_workers_unless_the_songs_are_in_its_memory():
    gpu = torch.device("cuda", 0)
    assert choose_workers(None, CPU, is_resident=False) == 0
    assert choose_workers(None, gpu, is_resident=False) == min(4, os.cpu_count() or 1)
    assert choose_workers(None, gpu, is_resident=True) == 0
    assert choose_workers(3, CPU, is_resident=False) == 3


def find_processes(mark):
    """Return all living processes that inherited the mark, zombies left out."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            is_ours = f"{MARK}={mark}".encode() in (folder / "environ").read_bytes()
            state = (folder / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if is_ours and state != "Z":
            found.append(int(folder.name))
    return found


def wait_until_gone(mark, seconds):
    deadline = time.monotonic() + seconds
    while find_processes(mark) and time.monotonic() < deadline:
        time.sleep(0.05)
    return find_processes(mark)


def start_endless(source, tmp_path, mark):
    environment = os.environ | {MARK: mark, "PYTHONPATH": os.pathsep.join(sys.path)}
    script = tmp_path / "endless.py"
    script.write_text(_ENDLESS)
    command = [sys.executable, str(script), str(source), str(tmp_path)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks into /proc (Linux)")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_loading_process_outlives_a_killed_training(number, source, tmp_path):
    mark = str(uuid.uuid4())
    with start_endless(source, tmp_path, mark) as training:
        assert training.stdout is not None
        assert training.stdout.readline() == "loading\n"
        assert len(find_processes(mark)) >= 4  # itself, two workers, the server that forks them
        training.send_signal(number)
        training.wait(20)
        assert wait_until_gone(mark, 20) == []


def test_a_lost_loading_process_is_a_sentence(source, tmp_path):
    shares = Shares(open_training_data(make_job(source, tmp_path)).sampler)
    with open_batches(shares, range(500), 1, CPU) as batches:
        next(batches)
        worker = next(iter(torch.multiprocessing.active_children()))
        os.kill(worker.pid, signal.SIGKILL)
        with pytest.raises(UserError, match=r"chunks was killed.*lower train\.workers"):
            list(batches)


class BadSampler:
    """Its songs cannot be read."""

    def __init__(self, settings):
        self.settings = settings

    def draw_part(self, step, part, parts):
        raise OSError(5, "Input/output error", "song.npy")


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_while_loading_stays_what_it_is(workers, source, tmp_path):
    shares = Shares(BadSampler(make_job(source, tmp_path).settings))
    with (
        open_batches(shares, range(3), workers, CPU) as batches,
        pytest.raises(OSError, match=r"song\.npy"),
    ):
        next(batches)
