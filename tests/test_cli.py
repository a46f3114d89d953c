"""The command line as a person meets it: a process, its output and its exit code."""

import os
import subprocess
import sys
from pathlib import Path

import mido
import numpy as np
import pytest

from iass.foundation.audio import read_pcm16
from iass.synthesis import STEMS

ROOT = Path(__file__).parents[1]


def _run(*arguments: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COLUMNS": "100", "NO_COLOR": "1"}
    return subprocess.run(
        [sys.executable, "-m", "iass", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize(
    "command",
    ["", "synth", "separate", "score", "weights", "summary", "config", "schemas", "step"],
)
def test_every_help_page_holds_an_example(command: str) -> None:
    done = _run(*command.split(), "--help")
    assert done.returncode == 0
    assert "Example: iass" in done.stdout


def test_synth_writes_songs_whose_stems_sum_to_the_mixture(tmp_path: Path) -> None:
    done = _run("synth", "-o", str(tmp_path), "--songs", "2", "--seconds", "1", "--seed", "3")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""  # no progress bar where stderr is not a terminal
    songs = sorted(tmp_path.iterdir())
    assert len(songs) == 2
    for song in songs:
        stems = [read_pcm16(song / f"{stem}.wav").astype(int) for stem in STEMS]
        np.testing.assert_array_equal(read_pcm16(song / "mixture.wav"), sum(stems))
        assert mido.MidiFile(song / "notes.mid").length <= 1.5


def test_an_error_is_one_sentence_and_a_non_zero_exit(tmp_path: Path) -> None:
    done = _run("summary", folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("iass: ")
    assert done.stderr.count("\n") == 1
    assert "run the workflow first" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [["nonsense"], ["synth"], ["synth", "-o", "x", "--songs", "0"], ["step", "nonsense"]],
    ids=" ".join,
)
def test_a_wrong_call_is_refused_without_a_traceback(arguments: list[str], tmp_path: Path) -> None:
    done = _run(*arguments, folder=tmp_path)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_song_that_is_too_short_is_refused(tmp_path: Path) -> None:
    done = _run("synth", "-o", str(tmp_path), "--seconds", "0.01")
    assert done.returncode == 2
    assert "0.5" in done.stderr


def test_an_unwritable_folder_is_named_in_one_sentence() -> None:
    done = _run("synth", "-o", "/proc/nowhere", "--songs", "1", "--seconds", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("iass: /proc/nowhere")
    assert done.stderr.count("\n") == 1


def test_the_songs_that_two_sets_share_are_listed_without_any_audio() -> None:
    done = _run("data", "overlap", "mm", "musdb18hq")
    lines = done.stdout.splitlines()
    assert done.returncode == 0
    assert len(lines) == len(set(lines)) > 0
    assert f"{len(lines)} song(s) of musdb18hq are also trained on in mm." in done.stderr
