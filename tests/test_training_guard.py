"""A loss that is no number in one of two processes: both name that one batch."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_set import make_job, write_tiny_set

from iass.training.data import open_training_data

ROOT = Path(__file__).parents[1]
BAD = 1  # the step at which the second process's loss is no number

LEARN = """
import itertools
import os
import sys
from pathlib import Path

import torch
from tiny_set import make_job
from torch import nn

from iass.training.data import open_training_data
from iass.training.guard import LossGuard
from iass.training.learner import Learner
from iass.training.loader import Shares
from iass.training.team import join_team
from iass.training.verdict import DivergedError

BAD, source, output, every = int(sys.argv[1]), *map(Path, sys.argv[2:4]), int(sys.argv[4])
CPU = torch.device("cpu")


class Task:
    def __init__(self):
        self.network, self.count = nn.Linear(1, 1, bias=False), itertools.count()

    def compute_losses(self, batch):
        is_bad = team.rank == 1 and next(self.count) // job.settings.accumulate == BAD
        return {"mse": self.network.weight.sum() * (float("nan") if is_bad else 1.0)}


job = make_job(source, output, batch_size=4, processes=2, accumulate=2)
with join_team(2, CPU) as team:
    task, sampler = Task(), open_training_data(job).sampler
    optimiser = torch.optim.Adam(task.network.parameters())
    guard = LossGuard(sampler, "bass", CPU)
    guard._every = every
    learner = Learner(task, optimiser, job.settings, guard, team, 0)
    batches = iter(Shares(sampler, team.rank, team.size)[index] for index in itertools.count())
    said = "nothing"
    try:
        for step in range(6):
            learner.take_step(step, 1e-3, batches)
    except DivergedError as error:
        said = str(error)
    (output / f"{team.rank}.txt").write_text(said)
"""


@pytest.mark.parametrize("every", [1, 5], ids=["at each step", "later, as on a GPU"])
def test_all_processes_name_the_batch_that_was_bad_first(every: int, tmp_path: Path) -> None:
    write_tiny_set(tmp_path)
    (tmp_path / "learn.py").write_text(LEARN)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    command += ["--nproc-per-node", "2", str(tmp_path / "learn.py")]
    command += [str(BAD), str(tmp_path), str(tmp_path), str(every)]
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests")])
    environment = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    job = make_job(tmp_path, tmp_path, batch_size=4, processes=2, accumulate=2)
    sampler = open_training_data(job).sampler
    (place,) = sampler.list_places(BAD, 1, 4)  # the first part of the second process
    chunk = f"{place.song.id} at {place.start / 44100:.2f} s"
    for rank in (0, 1):
        said = (tmp_path / f"{rank}.txt").read_text()
        assert f"the loss of step {BAD} is not finite (chunks: {chunk});" in said
