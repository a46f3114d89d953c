"""`iass score` as a person meets it: files, sentences, exit codes, kills."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from test_cli import ROOT, _run
from wav_folders import WINDOW, Folders, make_song, read_visible, write_folder, write_tree

from iass.cli.main import main
from iass.foundation.audio import write_wav
from iass.scoring.evaluator import Options, evaluate_folders
from iass.scoring.museval_json import read_museval_json

HALF = Options(window_s=0.5, hop_s=0.5)
TEN = tuple(f"test/Track {i}" for i in range(10))


@pytest.fixture
def pair(tmp_path: Path) -> Folders:
    folders = Folders(tmp_path / "Chanson d'été", tmp_path / "mon système")
    folders.write(make_song(0))
    return folders


def _list_arguments(folders: Folders, output: Path, *options: str) -> list[str]:
    return ["score", str(folders.references), str(folders.estimates), "-o", str(output), *options]


def _refuse(arguments: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Run the entry point of the command line in this process; it must exit with 1."""
    monkeypatch.setattr(sys, "argv", ["iass", *arguments])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 1


def test_two_folders_give_musevals_file_and_printed_medians(pair: Folders, tmp_path: Path) -> None:
    done = _run(*_list_arguments(pair, tmp_path / "neu" / "a.json", *WINDOW))
    assert (done.returncode, done.stderr) == (0, "")
    read = read_museval_json(tmp_path / "neu" / "a.json")
    sdr = read[(read["metric"] == "SDR") & (read["target"] == "drums")]["value"]
    lines = [line.split() for line in done.stdout.splitlines()]
    assert lines[0] == ["target", "SDR", "ISR", "SIR", "SAR", "n"]
    assert lines[1][:2] == ["drums", f"{sdr.median():.2f}"]
    assert done.stdout.splitlines()[-1] == f"Scores: {tmp_path / 'neu' / 'a.json'}"


def test_the_help_page_holds_an_example() -> None:
    done = _run("score", "--help")
    assert done.returncode == 0
    assert "Example: iass score references estimates -o scores.json" in done.stdout


def test_a_broken_track_ends_in_one_sentence_after_the_others_scores(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("A", "B", "C"))
    (folders.estimates / "B" / "drums.wav").unlink()
    done = _run(*_list_arguments(folders, tmp_path / "o", *WINDOW))
    assert done.returncode == 1
    reason, last = done.stderr.splitlines()
    assert "drums.wav is missing" in reason
    assert last == "iass: 1 track(s) were not scored, for these reasons."
    assert "Scores:" in done.stdout
    assert sorted(read_visible(tmp_path / "o")) == [
        "scores.parquet",
        "test/A.json",
        "test/C.json",
    ]


def _remove(folders: Folders) -> None:
    (folders.estimates / "drums.wav").unlink()


def _shorten(folders: Folders) -> None:
    write_wav(folders.estimates / "drums.wav", make_song(0).mixture[:, :-1], 8000)


def _change_rate(folders: Folders) -> None:
    write_wav(folders.estimates / "drums.wav", make_song(0).mixture, 44100)


def _double_channels(folders: Folders) -> None:
    write_wav(folders.estimates / "drums.wav", make_song(0, channels=2).mixture, 8000)


def _truncate(folders: Folders) -> None:
    os.truncate(folders.estimates / "drums.wav", 30)


def _spoil(folders: Folders) -> None:
    write_folder(folders.estimates, {"drums": make_song(0).mixture * np.float32(np.nan)})


def _empty(folders: Folders) -> None:
    for path in folders.references.iterdir():
        path.unlink()


def _misfit_mixture(folders: Folders) -> None:
    write_folder(folders.references, {"mixture": make_song(0).mixture[:, 1:]})


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (_remove, "drums.wav is missing"),
        (_shorten, "has 11999 samples, but"),
        (_change_rate, "has 44100 Hz, but"),
        (_double_channels, "has 2 channel(s), but"),
        (_truncate, "drums.wav cannot be read as audio"),
        (_spoil, "NaN or infinite value at sample 0"),
        (_empty, "found 0 tracks because"),
        (_misfit_mixture, "mixture.wav has 11999 samples, but"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_cannot_be_scored_is_one_sentence_and_changes_nothing(
    pair, tmp_path, monkeypatch, capsys, spoil, sentence
):
    (tmp_path / "o").mkdir()
    (tmp_path / "o" / "a.json").write_text("of last week")
    spoil(pair)
    _refuse(_list_arguments(pair, tmp_path / "o" / "a.json", *WINDOW), monkeypatch)
    written = capsys.readouterr()
    assert written.out == ""
    assert written.err.startswith("iass: ")
    assert sentence in written.err
    assert written.err.count("\n") == 1
    assert read_visible(tmp_path / "o") == {"a.json": b"of last week"}


@pytest.mark.parametrize(
    ("output", "options", "sentence"),
    [
        ("o/a.json", "--metrics SDR,sdr", "no metric 'sdr'; choose among SDR, ISR, SIR"),
        ("o/a.json", "--metrics uSDR", "a.json would be empty"),
        ("o/a.json", "--targets bass", "no bass.wav; choose targets among: drums, vocals"),
        ("o/a.json", "--window 0", "--window is 0.0 s"),
        ("o/a.json", "--hop nan", "--hop is nan s"),
        ("o/a.json", "--window inf", "--window is inf s"),
        ("o/a.json", "--device cuda:99", "'cuda:99' is not available here; choose one of: cpu"),
        ("o/a.txt", "", "end it in .json, .parquet or .csv"),
        ("o/folder", "", "end it in .json, .parquet or .csv"),
        ("o/old.json", "", "end it in .json, .parquet or .csv"),
    ],
)
def test_a_wrong_wish_is_one_sentence_and_changes_nothing(
    pair, tmp_path, monkeypatch, capsys, output, options, sentence
):
    (tmp_path / "o" / "old.json").mkdir(parents=True)
    arguments = _list_arguments(pair, tmp_path / output, *WINDOW, *options.split())
    _refuse(arguments, monkeypatch)
    written = capsys.readouterr()
    assert sentence in written.err
    assert written.err.count("\n") == 1
    assert read_visible(tmp_path / "o") == {}


def test_a_protocol_without_its_mixture_is_refused(pair, tmp_path, monkeypatch, capsys):
    (pair.references / "mixture.wav").unlink()
    arguments = _list_arguments(pair, tmp_path / "a.json", *WINDOW, "--protocol", "per_target")
    _refuse(arguments, monkeypatch)
    assert "holds no mixture.wav" in capsys.readouterr().err


def test_a_song_in_which_nothing_sounds_leaves_the_old_file(pair, tmp_path, monkeypatch, capsys):
    song = make_song(0)
    write_folder(pair.references, {name: 0 * audio for name, audio in song.references.items()})
    (tmp_path / "a.json").write_text("of last week")
    _refuse(_list_arguments(pair, tmp_path / "a.json", *WINDOW), monkeypatch)
    assert "no target ever sounds" in capsys.readouterr().err
    assert (tmp_path / "a.json").read_text() == "of last week"


@pytest.mark.parametrize("name", ["o.json", "file"])
def test_a_tree_asks_for_a_folder(tmp_path, monkeypatch, capsys, name):
    folders = write_tree(tmp_path, ("A",))
    (tmp_path / "file").write_text("of last week")
    _refuse(_list_arguments(folders, tmp_path / name), monkeypatch)
    assert "give a folder" in capsys.readouterr().err
    assert (tmp_path / "file").read_text() == "of last week"
    assert not (tmp_path / "o.json").exists()


def _start(arguments: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "iass", *arguments],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def test_two_runs_at_once_give_the_bytes_of_one(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TEN[:6])
    arguments = _list_arguments(folders, tmp_path / "both", *WINDOW)
    runs = [_start(arguments), _start(arguments)]
    for run in runs:
        with run:
            assert (run.wait(), run.communicate()[1]) == (0, "")
    evaluate_folders(folders.references, folders.estimates, tmp_path / "one", HALF)
    assert len(read_visible(tmp_path / "one")) == 7
    assert read_visible(tmp_path / "both") == read_visible(tmp_path / "one")


def _kill_when(arguments: list[str], output: Path, pattern: str, count: int) -> None:
    """Start a run and kill it with its processes as soon as `count` files match the pattern."""
    with _start(arguments) as run:
        deadline = time.monotonic() + 60
        while len(list(output.glob(pattern))) < count:
            assert run.poll() is None, "the run ended before it could be killed"
            assert time.monotonic() < deadline
            time.sleep(0.002)
        os.killpg(run.pid, signal.SIGKILL)
        assert run.wait() == -signal.SIGKILL


def _identify_finished(output: Path) -> dict[str, tuple[int, int]]:
    """Return inode and time of the finished tracks."""
    found = (output / ".finished").glob("[!.]*.parquet")
    return {p.name: (p.stat().st_ino, p.stat().st_mtime_ns) for p in found}


def _kill_worker(run: subprocess.Popen[str]) -> None:
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text().split()
    workers = [c for c in children if b"spawn_main" in Path(f"/proc/{c}/cmdline").read_bytes()]
    os.kill(int(workers[0]), signal.SIGKILL)


@pytest.mark.slow
def test_a_process_that_dies_is_told_in_one_sentence(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TEN)
    with _start(_list_arguments(folders, tmp_path / "o", *WINDOW, "--jobs", "2")) as run:
        while not list((tmp_path / "o").glob(".finished/*")):
            assert run.poll() is None
            time.sleep(0.002)
        _kill_worker(run)
        assert run.stderr is not None
        error = run.stderr.read()
        assert run.wait() == 1
    assert error.startswith("iass: A process was killed while it scored")
    assert error.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_run_killed_again_and_again_ends_as_an_undisturbed_one(tmp_path: Path, jobs: str) -> None:
    folders = write_tree(tmp_path, TEN)
    whole, output = tmp_path / "whole", tmp_path / "killed"
    assert _run(*_list_arguments(folders, whole, *WINDOW)).returncode == 0
    arguments = _list_arguments(folders, output, *WINDOW, "--jobs", jobs)
    finished: dict[str, tuple[int, int]] = {}
    moments = ((".finished/.writing-*", 1), (".finished/[!.]*", 4), (".finished/[!.]*", 8))
    for pattern, count in moments:
        _kill_when(arguments, output, pattern, count)
        now = _identify_finished(output)
        assert finished.items() <= now.items()
        finished = now
    _kill_when(arguments, output, "test/*.json", 1)
    assert _run(*arguments).returncode == 0
    assert len(_identify_finished(output)) == 10
    assert finished.items() <= _identify_finished(output).items()
    assert read_visible(output) == read_visible(whole)
