"""Lines in a log tell how far a download is, while it runs; a pipe gets none."""

import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from downloads import CONTENT, start_child
from file_server import Route, serve

from iass.foundation.log_lines import format_duration

OFTEN = "import iass.foundation.log_lines as lines; lines.LINE_EVERY_S = 0.25"
PAUSE_S = 0.02  # after each 16 KiB: at most 0.82 MB/s, 3.7 s in all
FASTEST = (1 << 14) / PAUSE_S
LINE = re.compile(r"set\.zip: ([\d.]+ \w+) of 3\.0 MB, ([\d.]+ \w+)/s(?:, (\d+) s left)?")
UNITS = {"bytes": 1, "kB": 1e3, "MB": 1e6}


def test_a_log_is_told_bytes_rate_and_time_left_while_the_download_runs(tmp_path: Path) -> None:
    log = tmp_path / "fetch.log"
    with serve(set=Route(CONTENT, piece_pause_s=PAUSE_S)) as server, log.open("w") as stderr:
        child = start_child(f"{server.url}/set", tmp_path, OFTEN, stderr=stderr.fileno())
        _wait_for(lambda: "left" in log.read_text())
        assert child.poll() is None
        assert child.wait(60) == 0
    *lines, last = log.read_text().splitlines()
    found = [LINE.fullmatch(line) for line in lines]
    assert len(found) >= 3
    done = [_count(match[1]) for match in found if match]
    assert len(done) == len(lines)  # every line is of this form
    assert done == sorted(done)
    for match in filter(None, found):
        rate = _count(match[2])
        assert 0 < rate < FASTEST * 1.3
        assert int(match[3] or 0) == pytest.approx((3e6 - _count(match[1])) / rate, abs=1)
    assert re.fullmatch(r"set\.zip: 3\.0 MB of 3\.0 MB, done after \d+ s", last)


def test_what_an_earlier_run_has_brought_counts_as_done_and_not_as_fast(tmp_path: Path) -> None:
    log, part = tmp_path / "fetch.log", tmp_path / "set.zip.part"
    with serve(set=Route(CONTENT, piece_pause_s=PAUSE_S)) as server:
        child = start_child(f"{server.url}/set", tmp_path, stderr=subprocess.DEVNULL)
        _wait_for(lambda: part.exists() and part.stat().st_size > 1_000_000)
        child.kill()
        child.wait()
        with log.open("w") as stderr:
            child = start_child(f"{server.url}/set", tmp_path, OFTEN, stderr=stderr.fileno())
            assert child.wait(60) == 0
    first = LINE.match(log.read_text())
    assert first is not None
    assert _count(first[1]) > 1_000_000
    assert _count(first[2]) < FASTEST * 1.3


def test_a_pipe_is_told_nothing(tmp_path: Path) -> None:
    with serve(set=Route(CONTENT, piece_pause_s=PAUSE_S / 2)) as server:
        child = start_child(f"{server.url}/set", tmp_path, OFTEN)
        assert child.communicate(timeout=60)[1] == ""
    assert child.returncode == 0


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.4, "0 s"),
        (42.4, "42 s"),
        (59.7, "1 min"),
        (1620, "27 min"),
        (3599, "1 h 0 min"),
        (11100, "3 h 5 min"),
    ],
)
def test_a_duration_has_the_units_that_matter(seconds: float, said: str) -> None:
    assert format_duration(seconds) == said


def _count(text: str) -> float:
    number, unit = text.split()
    return float(number) * UNITS[unit]


def _wait_for(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)
