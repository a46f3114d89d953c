import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from full_disk import limit_file_size

from iass.foundation.errors import UserError
from iass.foundation.files import hash_file, read_json, replace_file, write_json, write_text

_SLOW_WRITER = """
import sys, time
from pathlib import Path
from iass.foundation.files import replace_file
with replace_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half of the new")
    print("writing", flush=True)
    time.sleep(60)
"""

_KILLED_WRITER = """
import os, signal, sys
from pathlib import Path
from iass.foundation.files import write_json
Path.replace = lambda self, target: os.kill(os.getpid(), signal.SIGKILL)
write_json(Path(sys.argv[1]), {})
"""


def _write_half(path: Path) -> None:
    with replace_file(path) as temporary:
        temporary.write_text("half of the new")
        raise RuntimeError("the disk is full")


def test_a_failed_write_leaves_the_old_file_and_no_litter(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    write_text(path, "old")
    with pytest.raises(RuntimeError):
        _write_half(path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    write_text(path, "old")
    command = [sys.executable, "-c", _SLOW_WRITER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "writing\n"
        os.kill(writer.pid, signal.SIGKILL)
    assert path.read_text() == "old"


def test_the_next_writer_removes_what_a_killed_one_left_and_nothing_of_a_living_one(
    tmp_path: Path,
) -> None:
    path, other = tmp_path / "table.txt", tmp_path / "other.txt"
    command = [sys.executable, "-c", _SLOW_WRITER]
    with (
        subprocess.Popen([*command, path], stdout=subprocess.PIPE) as killed,
        subprocess.Popen([*command, path], stdout=subprocess.PIPE) as living,
        subprocess.Popen([*command, other], stdout=subprocess.PIPE) as elsewhere,
    ):
        for writer in (killed, living, elsewhere):
            assert writer.stdout is not None
            assert writer.stdout.readline() == b"writing\n"
        killed.kill()
        elsewhere.kill()
        killed.wait()
        elsewhere.wait()
        assert len(list(tmp_path.iterdir())) == 3
        write_text(path, "new")
        assert len(list(tmp_path.glob(".writing-*"))) == 2  # of the living one, and of other.txt
        living.kill()
    write_text(path, "newer")
    write_text(other, "new")
    assert set(tmp_path.iterdir()) == {path, other}


def test_a_full_disk_is_a_sentence_that_names_the_file(tmp_path: Path) -> None:
    path = tmp_path / "table.txt"
    write_text(path, "old")
    with limit_file_size(1000), pytest.raises(UserError) as caught:
        write_text(path, "x" * 1001)
    reason = "cannot be written (File too large); make room on its disk and run again."
    assert str(caught.value) == f"{path} {reason}"
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_writer_of_json_leaves_is_no_json(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _KILLED_WRITER, str(tmp_path / "a.json")]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    assert [path.suffix for path in tmp_path.iterdir()] == [""]


def test_a_writer_that_looks_at_the_suffix_finds_it(tmp_path: Path) -> None:
    with replace_file(tmp_path / "a.svg") as temporary:
        assert temporary.suffix == ".svg"
        temporary.touch()


def test_a_written_file_is_readable_by_others(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").stat().st_mode & 0o777 == 0o644


def test_nan_becomes_null_in_json(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"b": [float("nan"), float("-inf"), 1.5], "a": ("Öje", None)})
    assert json.loads(path.read_text("utf-8"), parse_constant=pytest.fail) == {
        "a": ["Öje", None],
        "b": [None, None, 1.5],
    }


def test_equal_values_give_equal_bytes_whatever_their_order(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", {"x": 1, "y": 2})
    time.sleep(0.01)
    write_json(tmp_path / "b.json", {"y": 2, "x": 1})
    assert hash_file(tmp_path / "a.json") == hash_file(tmp_path / "b.json")


def test_the_hash_is_sha256(tmp_path: Path) -> None:
    write_text(tmp_path / "abc", "abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-4
    assert hash_file(tmp_path / "abc") == known


@pytest.mark.parametrize("content", [None, "", "{half"])
def test_unreadable_json_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "manifest.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=r"manifest\.json"):
        read_json(path)
