"""A preparation that dies, or meets a full disk, and is started again ends as if nothing had
happened: the same bytes, and nothing else."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
from replica import Replicas

from iass.foundation.audio import write_wav
from iass.foundation.plugins import ROOT

RATE_HZ = 44100
# argv: code to run once everything is imported, then the command's own words.
_CHILD = """
import os, signal, sys
from pathlib import Path
from iass.cli.main import main
from iass.preparation import run, tools

preamble = sys.argv.pop(1)
if __name__ == "__main__":
    exec(preamble)
    print("ready", flush=True)
    main()
"""
_COUNTING = """
import atexit
replace, count = Path.replace, 0
def replace_and_count(self, target):
    global count
    count += 1
    return replace(self, target)
Path.replace = replace_and_count
atexit.register(lambda: print(count))
"""
_DYING = """
replace, left = Path.replace, {at}
def replace_or_die(self, target):
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return replace(self, target)
Path.replace = replace_or_die
"""
_LIMITED = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"


@dataclass(frozen=True)
class Preparation:
    """`iass step prepare` of a data set in a folder of its own."""

    folder: Path
    dataset: str
    options: dict[str, object]
    archives: Path | None = None
    variables: dict[str, str] = field(default_factory=dict)

    def move(self, folder: Path) -> "Preparation":
        return Preparation(folder, self.dataset, self.options, self.archives, self.variables)

    def start(self, preamble: str = "", processes: int = 1) -> subprocess.Popen[str]:
        data, results = self.folder / "data", self.folder / "results"
        data.mkdir(parents=True, exist_ok=True)
        if self.archives and not (data / "archives").exists():
            (data / "archives").symlink_to(self.archives)
        words = ["step", "prepare", self.dataset, "--entry", json.dumps({"options": self.options})]
        words += ["--folder", str(data / self.dataset), "--labels", str(results / "labels.parquet")]
        words += ["--manifest", str(results / "manifest.json"), "--processes", str(processes)]
        return subprocess.Popen(
            [sys.executable, "-c", _CHILD, preamble, *words],
            cwd=ROOT,
            env=os.environ | self.variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, preamble: str = "") -> tuple[int, str, str]:
        """Return exit code, output and errors."""
        child = self.start(preamble)
        output, errors = child.communicate(timeout=100)
        return child.returncode, output, errors

    def kill_after(self, seconds: float) -> None:
        """Kill it with SIGKILL: the two processes that work for it end with it."""
        child = self.start(processes=2)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        time.sleep(seconds)
        child.kill()
        child.communicate(timeout=100)

    def read_tree(self) -> dict[str, bytes]:
        """Return every file; of those that know where they lie, only that they are there."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        return {
            str(path.relative_to(self.folder)): b""
            if path.name == "song.json"
            else path.read_bytes()
            for path in files
        }


@dataclass(frozen=True)
class Undisturbed:
    """A finished preparation, the renames it needed and how long it worked, s."""

    preparation: Preparation
    renames: int
    seconds: float
    tree: dict[str, bytes]


def _finish(preparation: Preparation) -> Undisturbed:
    start_s = time.perf_counter()
    child = preparation.start(_COUNTING)
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    start_s = time.perf_counter()
    output, errors = child.communicate(timeout=100)
    assert (child.returncode, errors) == (0, "")
    seconds = time.perf_counter() - start_s
    return Undisturbed(preparation, int(output), seconds, preparation.read_tree())


@pytest.fixture(scope="module")
def synthband(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    options = {"songs": {"train": 1}, "seconds": {"train": 2.0}}
    folder = tmp_path_factory.mktemp("undisturbed")
    return _finish(Preparation(folder, "synthband", options))


@pytest.fixture(scope="module")
def mm(
    mirrored_data: Path, replicas: Replicas, tmp_path_factory: pytest.TempPathFactory
) -> Undisturbed:
    options = {"leave_out": replicas.list_left_out()}
    folder, archives = tmp_path_factory.mktemp("undisturbed"), mirrored_data / "archives"
    return _finish(Preparation(folder, "mm", options, archives))


@pytest.fixture(scope="module")
def musdb(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """Eight test tracks of a copy in place: nothing is written but labels and manifest."""
    copy = tmp_path_factory.mktemp("copy")
    for number in range(8):
        for stem in ("mixture", "vocals", "drums", "bass", "other"):
            path = copy / "test" / f"Nobody - Song {number}" / f"{stem}.wav"
            write_wav(path, np.full((2, RATE_HZ // 20), 100 * number, np.int16), RATE_HZ)
    folder = tmp_path_factory.mktemp("undisturbed")
    return _finish(Preparation(folder, "musdb18hq", {}, None, {"MUSDB_PATH": str(copy)}))


def _check_resumed(undisturbed: Undisturbed, preparation: Preparation) -> None:
    code, _, errors = preparation.run()
    assert (code, errors) == (0, "")
    found = preparation.read_tree()
    assert set(found) == set(undisturbed.tree)
    assert [name for name in found if found[name] != undisturbed.tree[name]] == []


def test_a_preparation_killed_at_a_song_its_store_the_labels_and_the_manifest_goes_on(
    synthband: Undisturbed, tmp_path: Path
) -> None:
    again = synthband.preparation.move(tmp_path)
    for before_the_end in (6, 2, 1, 0):  # a song has nine files
        code, _, _ = again.run(_DYING.format(at=synthband.renames - before_the_end))
        assert code == -signal.SIGKILL
        assert any(".writing-" in name for name in again.read_tree())
        assert not (tmp_path / "results" / "manifest.json").exists()
    _check_resumed(synthband, again)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["synthband", "mm"])
def test_a_preparation_killed_again_and_again_at_random_moments_ends_with_the_same_bytes(
    name: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    undisturbed: Undisturbed = request.getfixturevalue(name)
    again = undisturbed.preparation.move(tmp_path)
    for share in np.random.default_rng(2020).uniform(0, 1, 4):
        again.kill_after(share * undisturbed.seconds)
    _check_resumed(undisturbed, again)


def _check_limited(limited: Preparation, limit: int, named: str) -> None:
    code, _, errors = limited.run(_LIMITED.format(limit=limit))
    assert code == 1
    assert errors.count("\n") == 1
    assert errors.startswith(f"iass: {limited.folder}/")
    assert f"{named} cannot be written" in errors
    left = limited.read_tree()
    assert not any(".writing-" in name for name in left)
    assert not any(name.endswith((named, "manifest.json")) for name in left)


def test_a_disk_too_full_for_songs_then_stores_is_a_sentence_and_leaves_nothing_half_done(
    synthband: Undisturbed, tmp_path: Path
) -> None:
    again = synthband.preparation.move(tmp_path)
    _check_limited(again, 100_000, "train-000/mixture.wav")
    _check_limited(again, 1_000_000, "train-000.npy")
    _check_resumed(synthband, again)


def test_a_disk_too_full_for_labels_then_the_manifest_is_a_sentence_and_leaves_nothing_half_done(
    musdb: Undisturbed, tmp_path: Path
) -> None:
    labels, manifest = (
        len(musdb.tree[f"results/{name}"]) for name in ("labels.parquet", "manifest.json")
    )
    again = musdb.preparation.move(tmp_path)
    _check_limited(again, labels - 1, "labels.parquet")
    assert labels < manifest
    _check_limited(again, manifest - 1, "manifest.json")
    _check_resumed(musdb, again)
