import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

from iass.foundation.progress import run_parallel, show_progress

ROOT = Path(__file__).parents[1]
_SHOW = (
    "import time; from iass.foundation.progress import show_progress\n"
    "for _ in show_progress(range(3), 'songs', 3): time.sleep(0.2)\n"
)
_WORK = (
    "from iass.foundation.progress import run_parallel\n"
    "code = 'import time; print(\"working\", flush=True); time.sleep(60)'\n"
    "run_parallel(exec, [code, code], 'naps', 2)\n"
)


def _square(number: int) -> int:
    return number * number


@pytest.mark.parametrize("processes", [1, 2])
def test_results_come_in_order_from_any_number_of_processes(processes: int) -> None:
    assert run_parallel(_square, [3, 1, 2], "squares", processes) == [9, 1, 4]


def test_nothing_to_do_gives_nothing() -> None:
    assert run_parallel(_square, [], "squares", 2) == []


def test_the_processes_of_a_killed_one_end_with_it() -> None:
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", _WORK]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        assert [child.stdout.readline() for _ in range(2)] == ["working\n"] * 2
        child.kill()
        child.communicate(timeout=20)  # ends when nobody holds the other end of the pipe


def test_a_bar_is_silent_without_a_terminal(capfd: pytest.CaptureFixture[str]) -> None:
    assert list(show_progress([1, 2], "songs", 2)) == [1, 2]
    assert capfd.readouterr() == ("", "")


def test_a_bar_is_shown_on_a_terminal() -> None:
    ours, theirs = pty.openpty()
    environment = {"PYTHONPATH": str(ROOT), "TERM": "xterm", "PATH": os.environ["PATH"]}
    subprocess.run([sys.executable, "-c", _SHOW], stderr=theirs, env=environment, check=True)
    os.close(theirs)
    assert b"songs" in os.read(ours, 4096)
    os.close(ours)
