"""`iass data check` on a copy of MUSDB18-HQ in miniature: all 150 songs, whole and damaged."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from iass.datasets.medleydb_sample import DataSet as Sample
from iass.datasets.musdb.layout import STEMS, find_errata, list_published
from iass.foundation.audio import write_wav
from iass.foundation.card import TrackFiles
from iass.foundation.plugins import ROOT
from iass.preparation.check import check_dataset
from iass.preparation.tools import PreparationTools

LOST = "PR - Oh No"
NO_BASS = "Zeno - Signs"
NO_DRUMS = "Actions - One Minute Smile"


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Every published song, by links to one set of short WAVs whose sum is the mixture."""
    rng = np.random.default_rng(1)
    stems = {name: rng.integers(-99, 99, (2, 50)).astype(np.int16) for name in STEMS}
    total = sum(stems.values(), np.zeros((2, 50), np.int16))
    for name, audio in (stems | {"mixture": total}).items():
        write_wav(tmp_path / "one" / f"{name}.wav", audio, 44100)
    for song in list_published():
        folder = tmp_path / "copy" / ("test" if song.split == "test" else "train") / song.id
        folder.mkdir(parents=True)
        for path in (tmp_path / "one").iterdir():
            (folder / path.name).symlink_to(path)
    return tmp_path / "copy"


def _check(copy: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "iass", "data", "check", "musdb18hq", str(copy)],
        cwd=copy.parent,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_whole_copy_has_nothing_but_its_known_faults(copy: Path) -> None:
    done = _check(copy)
    notes = sum(len(find_errata(song.id)) for song in list_published())
    assert done.stdout.splitlines()[0] == (
        f"150 tracks checked: 0 errors, 0 warnings, {notes} notes"
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_every_song_that_lacks_a_stem_is_named_and_then_the_song_that_is_not_there(
    copy: Path,
) -> None:
    shutil.rmtree(copy / "test" / LOST)
    (copy / "test" / NO_BASS / "bass.wav").unlink()
    (copy / "train" / NO_DRUMS / "drums.wav").unlink()
    done = _check(copy)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        f"iass: {copy}: 2 of 149 songs cannot be used: train/{NO_DRUMS} lacks drums.wav; "
        f"test/{NO_BASS} lacks bass.wav; unpack or copy the set again.\n"
    )
    for path in (copy / "test" / NO_BASS / "bass.wav", copy / "train" / NO_DRUMS / "drums.wav"):
        path.symlink_to(copy.parent / "one" / path.name)
    done = _check(copy)
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert lines[0].startswith("149 tracks checked: 0 errors, 1 warning, ")
    assert lines[1:3] == [
        LOST,
        "  warning  missing   published, but not found here: get it, unless an option of the set "
        "drops it",
    ]


def test_songs_that_are_not_there_come_after_what_is_wrong_with_the_others(tmp_path: Path) -> None:
    class OneOfTwo(Sample):
        def prepare(self, tools: object) -> list[TrackFiles]:
            path = tmp_path / "gone.wav"
            return [TrackFiles("LizNelson_Rainfall", "", "", "test", {"vocals": path})]

    findings, tracks = check_dataset("two", OneOfTwo(), PreparationTools(tmp_path / "data"), None)
    assert [(f.track, f.what) for f in findings] == [
        ("LizNelson_Rainfall", "file"),
        ("Phoenix_ScotchMorris", "missing"),
    ]
    assert tracks == 1
