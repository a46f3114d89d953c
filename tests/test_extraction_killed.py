import os
import pty
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from archive_files import make_noise, make_song, take_all, write_archive, write_tar, write_zip
from wav_folders import read_visible

from iass.preparation.extraction import extract_archive

ROOT = Path(__file__).parents[1]

_EXTRACT = """
import os, resource, signal, sys
from pathlib import Path
from iass.foundation.errors import UserError
from iass.preparation import extraction

def run():
    archive, folder = map(Path, sys.argv[1:3])
    try:
        print(len(extraction.extract_archive(archive, folder, lambda path: path)))
    except UserError as error:
        sys.exit(str(error))
"""
_KILLED = """
replace, left = Path.replace, int(sys.argv[3])
def replace_or_die(self, target):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = replace_or_die
extraction.RECEIPT_EVERY_S = 0.0
run()
"""
_LIMITED = """
resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))
run()
"""
_UNPRIVILEGED = """
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
run()
"""


def _start(script: str, *arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", _EXTRACT + script, *map(str, arguments)]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT
    )


def _run(script: str, *arguments: object) -> tuple[int, str]:
    child = _start(script, *arguments)
    output, errors = child.communicate(timeout=60)
    return child.returncode, output + errors


def _read_tree(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["song.zip", "song.tar.gz"])
@pytest.mark.parametrize("kill_at", [1, 4, 11])
def test_a_killed_extraction_goes_on_to_the_same_tree(
    tmp_path: Path, name: str, kill_at: int
) -> None:
    song = make_song()
    archive, out = write_archive(tmp_path / name, song), tmp_path / "out"
    assert _run(_KILLED, archive, out, kill_at)[0] == -signal.SIGKILL
    done = {path: path.stat().st_ino for path in out.rglob("*.wav")}
    assert len(done) == kill_at // 2  # each file is followed by its receipt
    assert all(path.read_bytes() == song[path.relative_to(out).as_posix()] for path in done)
    assert any(".writing-" in path for path in _read_tree(out))
    extract_archive(archive, out, take_all)
    assert read_visible(out) == song
    if name == "song.zip":
        assert {path: path.stat().st_ino for path in done} == done
    extract_archive(archive, tmp_path / "whole", take_all)
    assert _read_tree(out) == _read_tree(tmp_path / "whole")


def test_a_tar_goes_on_from_its_receipt(tmp_path: Path) -> None:
    archive, out = write_tar(tmp_path / "a.tar", make_song()), tmp_path / "out"
    assert _run(_KILLED, archive, out, 5)[0] == -signal.SIGKILL
    done = {path: path.stat().st_ino for path in out.rglob("*.wav")}
    assert len(done) == 2
    extract_archive(archive, out, take_all)
    assert {path: path.stat().st_ino for path in done} == done


def test_an_extraction_killed_at_any_moment_goes_on(tmp_path: Path) -> None:
    song = make_song(files=20, size=2_000_000)
    archive, out = write_zip(tmp_path / "a.zip", song), tmp_path / "out"
    for count in (1, 5, 12):
        child = _start("run()", archive, out)
        _wait_until(lambda count=count: len(list(out.rglob("*.wav"))) >= count)
        child.kill()
        child.communicate()
    extract_archive(archive, out, take_all)
    assert read_visible(out) == song


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline_s = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline_s
        time.sleep(0.002)


def test_two_processes_at_once_unpack_once(tmp_path: Path) -> None:
    song = make_song(files=10, size=1_000_000)
    archive, out = write_zip(tmp_path / "a.zip", song), tmp_path / "out"
    children = [_start("run()", archive, out) for _ in range(2)]
    assert [child.communicate(timeout=60) for child in children] == [("11\n", "")] * 2
    assert read_visible(out) == song


def test_a_full_disk_leaves_whole_files_and_a_sentence(tmp_path: Path) -> None:
    song = {"a.wav": make_noise(100_000, 0), "b.wav": make_noise(200_000, 1)}
    archive, out = write_zip(tmp_path / "a.zip", song), tmp_path / "out"
    code, output = _run(_LIMITED, archive, out)
    assert code == 1
    assert output.startswith(f"{out / 'b.wav'} cannot be written (File too large)")
    assert "Traceback" not in output
    assert read_visible(out) == {"a.wav": song["a.wav"]}
    assert not any(".writing-" in path for path in _read_tree(out))
    extract_archive(archive, out, take_all)
    assert read_visible(out) == song


def test_an_archive_or_folder_without_rights_is_a_sentence() -> None:
    with tempfile.TemporaryDirectory() as name:  # pytest's own folders are closed to other users
        Path(name).chmod(0o755)
        archive, out = write_zip(Path(name) / "a.zip", {"a.wav": b"1"}), Path(name) / "out"
        out.mkdir(mode=0o500)
        locked = f"{out / '.unpacking.lock'} cannot be written (Permission denied)"
        assert locked in _fail_unprivileged(archive, out)
        out.chmod(0o777)
        archive.chmod(0o000)
        closed = f"{archive} cannot be opened (Permission denied)"
        assert closed in _fail_unprivileged(archive, out)


def _fail_unprivileged(archive: Path, out: Path) -> str:
    code, output = _run(_UNPRIVILEGED, archive, out)
    assert (code, "Traceback" in output) == (1, False)
    return output


def test_a_bar_in_bytes_is_shown_on_a_terminal_only(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    archive = write_tar(tmp_path / "song.tar.gz", make_song())
    extract_archive(archive, tmp_path / "out", take_all)
    assert capfd.readouterr() == ("", "")
    ours, theirs = pty.openpty()
    environment = {"TERM": "xterm", "COLUMNS": "200", "PATH": os.environ["PATH"]}
    command = [sys.executable, "-c", f"{_EXTRACT}\nrun()", str(archive), str(tmp_path / "again")]
    subprocess.run(command, stderr=theirs, env=environment, check=True, cwd=ROOT)
    os.close(theirs)
    shown = os.read(ours, 1 << 16)
    assert b"song.tar.gz: checking" in shown
    assert b"kB" in shown
    os.close(ours)
