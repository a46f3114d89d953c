import subprocess
import sys
from pathlib import Path

import torch

from iass.foundation.device import choose_device

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


def test_without_a_gpu_the_device_is_the_cpu() -> None:
    assert torch.cuda.device_count() > 0 or choose_device() == torch.device("cpu")
