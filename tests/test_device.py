import subprocess
import sys
from pathlib import Path

import pytest
import torch

from iass.foundation.device import (
    check_device,
    choose_device,
    claim_index,
    count_devices,
    pick_index,
)
from iass.foundation.errors import UserError

ROOT = Path(__file__).parents[1]
_CLAIM = """
import sys
from pathlib import Path
from iass.foundation.device import claim_index
print(claim_index(2, Path(sys.argv[1])), flush=True)
sys.stdin.read()
"""


def _claim(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _CLAIM, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=ROOT)


def test_jobs_side_by_side_claim_different_gpus_and_a_killed_job_frees_its_own(
    tmp_path: Path,
) -> None:
    first, second = _claim(tmp_path), _claim(tmp_path)
    with first, second:
        claimed = [job.stdout.readline().strip() for job in (first, second) if job.stdout]
        assert sorted(claimed) == ["0", "1"]
        first.kill()
        first.wait()
        with _claim(tmp_path) as third:
            assert third.stdout is not None
            assert third.stdout.readline().strip() == claimed[0]
            third.kill()
        second.kill()


def test_where_all_gpus_are_held_a_job_shares_the_first_unless_it_needs_its_own(
    tmp_path: Path,
) -> None:
    with _claim(tmp_path) as first, _claim(tmp_path) as second:
        for job in (first, second):
            assert job.stdout is not None
            job.stdout.readline()
        assert claim_index(2, tmp_path) is None
        assert pick_index(2, tmp_path, needs_own=False) == 0
        with pytest.raises(UserError, match=r"all 2 are taken; lower train\.processes"):
            pick_index(2, tmp_path, needs_own=True)
        first.kill()
        second.kill()


def test_a_job_that_shares_the_first_gpu_stays_there_when_another_comes_free(
    tmp_path: Path,
) -> None:
    with _claim(tmp_path) as first, _claim(tmp_path) as second:
        claimed = [job.stdout.readline().strip() for job in (first, second) if job.stdout]
        assert pick_index(2, tmp_path, needs_own=False) == 0
        ending = (first, second)[claimed.index("1")]
        ending.kill()
        ending.wait()
        assert pick_index(2, tmp_path, needs_own=False) == 0
        with pytest.raises(UserError, match="all 2 are taken"):
            pick_index(2, tmp_path, needs_own=True)
        first.kill()
        second.kill()


def test_a_job_keeps_the_gpu_that_it_holds(tmp_path: Path) -> None:
    with _claim(tmp_path) as other:
        assert other.stdout is not None
        assert other.stdout.readline().strip() == "0"
        assert pick_index(2, tmp_path, needs_own=True) == 1
        other.kill()
        other.wait()
        assert pick_index(2, tmp_path, needs_own=True) == 1


@pytest.mark.skipif(count_devices() == 0, reason="torch can use no GPU here")
def test_the_chosen_gpu_is_the_one_that_torch_takes_where_none_is_named() -> None:
    assert choose_device().index == torch.cuda.current_device()


def test_without_a_gpu_the_device_is_the_cpu() -> None:
    assert torch.cuda.device_count() > 0 or choose_device() == torch.device("cpu")


def test_every_device_that_is_there_may_be_named() -> None:
    count = torch.cuda.device_count()
    for name in ("cpu", *["cuda"][:count], *(f"cuda:{index}" for index in range(count))):
        assert check_device(name) == name


@pytest.mark.parametrize("name", ["cuda:99", "gpu", "", "CPU"])
def test_a_device_that_is_not_there_is_refused_with_those_that_are(name: str) -> None:
    with pytest.raises(UserError, match=f"'{name}' is not available here; choose one of: cpu"):
        check_device(name)
