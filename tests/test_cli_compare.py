import json
import sys

import numpy as np
import pandas as pd
import pytest
from fake_results import make_table
from shared_data import find_shared
from test_cli import _run

from iass.cli.main import main
from iass.scoring.table import write_scores
from iass.statistics.paired import compare_paired

TRACKS = [f"Björk - song {index}" for index in range(12)]
THEIRS = np.random.default_rng(0).normal(5, 2.5, size=len(TRACKS)).round(5)
OURS = (THEIRS + np.random.default_rng(1).normal(1.5, 0.7, size=len(TRACKS))).round(5)


def write_table(path, methods, **changes):
    rows = [
        {"method": method, "track": track, "value": value, "target": "vocals", **changes}
        for method, values in methods.items()
        for track, value in zip(TRACKS, values, strict=False)
    ]
    write_scores(path, make_table(*rows))
    return path.name


def write_json(folder, values, tracks=TRACKS):
    folder.mkdir(parents=True)
    for track, value in zip(tracks, values, strict=True):
        metrics = {"SDR": value, "SIR": 2.0, "SAR": 3.0, "ISR": 4.0}
        frames = [{"time": 0.0, "duration": 1.0, "metrics": metrics}]
        text = json.dumps({"targets": [{"name": "vocals", "frames": frames}]})
        (folder / f"{track}.json").write_text(text)


@pytest.fixture
def table(tmp_path):
    return write_table(tmp_path / "scores.parquet", {"ours": OURS, "theirs": THEIRS})


def read_rows(text):
    """Return the words of each line of the printed table by the first word."""
    return {line.split()[0]: line.split() for line in text.splitlines() if line.startswith("  ")}


def test_the_help_holds_an_example():
    assert "Example: iass compare" in _run("compare", "--help").stdout


def test_two_methods_of_our_table_are_compared_track_by_track(tmp_path, table):
    done = _run("compare", table, "--baseline", "theirs", "-o", "out.csv", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    expected = compare_paired(OURS, THEIRS)
    row = read_rows(done.stdout)["ours"]
    bounds = [f"[{expected.low:.2f},", f"{expected.high:.2f}]"]
    assert row[4:] == [
        "12",
        f"{expected.difference:+.2f}",
        *bounds,
        "<0.001",
        f"{expected.wins}/{expected.ties}/{expected.losses}",
        f"{expected.detectable:.2f}",
    ]
    assert read_rows(done.stdout)["theirs"][-1] == "baseline"
    assert max(map(len, done.stdout.splitlines())) <= 100
    written = pd.read_csv(tmp_path / "out.csv").set_index("method")
    assert written.loc["ours", "difference"] == pytest.approx(expected.difference, abs=1e-5)
    assert written.loc["ours", "median"] == pytest.approx(np.median(OURS), abs=1e-5)
    assert written.loc["ours", "tracks_compared"] == len(TRACKS)
    assert written.loc["theirs", ["difference", "p_holm"]].isna().all()
    assert written["baseline"].tolist() == ["theirs"] * 2


@pytest.mark.parametrize("layout", ["ours", "ours/test"])
def test_folders_of_musevals_files_are_compared(tmp_path, layout):
    write_json(tmp_path / layout, OURS)
    write_json(tmp_path / "theirs" / "test", THEIRS)
    done = _run("compare", "ours", "theirs", "--baseline", "theirs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"{compare_paired(OURS, THEIRS).difference:+.2f}" in read_rows(done.stdout)["ours"]


def test_single_files_of_museval_and_a_folder_of_methods_are_compared(tmp_path):
    for method, values in (("ours", OURS), ("theirs", THEIRS)):
        write_json(tmp_path / "all" / method / "test", values)
    files = [str(path) for path in (tmp_path / "all").rglob("*.json")]
    by_file = _run("compare", *files, "--baseline", "ours", folder=tmp_path)
    by_folder = _run("compare", "all", "--baseline", "ours", folder=tmp_path)
    assert by_file.returncode == 0, by_file.stderr
    assert by_file.stdout == by_folder.stdout


def test_musevals_files_join_the_experiment_of_the_table_beside_them(tmp_path, table):
    write_json(tmp_path / "third", OURS[::-1], TRACKS[::-1])
    done = _run("compare", table, "third", "--baseline", "ours", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "experiment demo, data set synthband" in done.stdout
    assert read_rows(done.stdout)["third"][-2] == "0/12/0"


def test_few_tracks_songs_trained_on_and_faulty_ones_are_said(tmp_path):
    flags = "trained_on erratum:vocals"
    write_table(tmp_path / "a.parquet", {"ours": OURS[:3]}, flags=flags)
    write_table(tmp_path / "b.parquet", {"theirs": [np.nan, *THEIRS[1:3]]}, reason="silent")
    done = _run("compare", "a.parquet", "b.parquet", "--baseline", "theirs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert read_rows(done.stdout)["ours"][1] == f"{np.median(OURS[:3]):.2f}†‡"
    for note in (
        "all: fewer than 6 tracks: no interval.",
        "all: too few tracks for any p below 0.05.",
        "all: tracks left out for want of a score: 1.",
        "†: was trained on some of these songs.",
        "‡: some of these songs have known faults",
    ):
        assert note in done.stdout


def test_a_note_is_about_all_only_where_it_is_about_the_baseline_too(tmp_path):
    scores = {"theirs": THEIRS, "ours": OURS[:3], "others": OURS[1:4]}
    name = write_table(tmp_path / "scores.parquet", scores)
    done = _run("compare", name, "--baseline", "theirs", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "[" in " ".join(read_rows(done.stdout)["theirs"])
    noted = " ".join(done.stdout.split())
    assert "all: fewer than 6 tracks" not in noted
    assert "ours, others: fewer than 6 tracks: no interval." in noted.replace(
        "others, ours", "ours, others"
    )
    assert "theirs: 6 to 19 tracks: an interval covers" in noted
    assert "all: too few tracks for any p below 0.05." in noted  # of differences to the baseline


def test_what_can_be_found_is_told_at_the_level_of_the_correction(tmp_path, table):
    write_table(tmp_path / "third.parquet", {"third": THEIRS + 9})
    done = _run("compare", table, "third.parquet", "--baseline", "theirs", folder=tmp_path)
    expected = compare_paired(OURS, THEIRS, tests=3)
    assert read_rows(done.stdout)["ours"][-1] == f"{expected.detectable:.2f}"
    assert "at the strictest level of that correction" in " ".join(done.stdout.split())


def test_another_metric_and_mask_can_be_chosen(tmp_path):
    song = {"metric": "uSDR", "mask": "none", "frame_s": np.nan}
    name = write_table(tmp_path / "songs.parquet", {"ours": OURS, "theirs": THEIRS}, **song)
    options = ["--metric", "uSDR", "--mask", "none", "--baseline", "ours"]
    done = _run("compare", name, *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "uSDR in dB, vocals" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["none.parquet"], "none.parquet does not exist"),
        (["none.json"], "none.json does not exist"),
        (["none"], "none does not exist"),
        (["notes.txt"], "notes.txt holds no scores that are known"),
        (["empty"], "empty holds neither test/**/*.json nor"),
        (["bad.parquet"], "bad.parquet is not a score table"),
        (["bad/a.json"], "bad/a.json is not a score file of museval"),
        (["scores.parquet", "--baseline", "third"], "choose one of: ours, theirs."),
        (["scores.parquet", "--metric", "SIR"], "no scores of SIR under the mask museval"),
        (["scores.parquet", "--mask", "all"], "choose of: SDR (museval)."),
        (["scores.parquet", "--metric", "leakage"], "leakage is a share or better when lower"),
        (["scores.parquet", "--metric", "activity_F1"], "compare another metric"),
        (["scores.parquet", "-o", "out.txt"], "out.txt does not end in .csv"),
        (["one.parquet"], "All scores are of 'theirs'; give another method's too."),
        (["scores.parquet", "one.parquet"], "'theirs' on the track 'Björk - song 0' are given"),
        (["scores.parquet", "other.parquet", "ours"], "museval's files could belong to each of"),
        (["scores.parquet", "-o", "/proc/out.csv"], "/proc"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_compared_is_refused_in_one_sentence(
    tmp_path, table, arguments, fault, monkeypatch, capsys
):
    write_table(tmp_path / "one.parquet", {"theirs": THEIRS})
    write_table(tmp_path / "other.parquet", {"theirs": THEIRS}, experiment="other")
    write_json(tmp_path / "ours", OURS)
    for name in ("notes.txt", "bad.parquet", "bad/a.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("?")
    (tmp_path / "empty").mkdir()
    baseline = [] if "--baseline" in arguments else ["--baseline", "theirs"]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["iass", "compare", *arguments, *baseline])
    with pytest.raises(SystemExit) as stop:
        main()
    error = capsys.readouterr().err
    assert stop.value.code == 1
    assert error.startswith("iass: ")
    assert fault in error
    assert error.count("\n") == 1


@pytest.mark.parametrize("arguments", [[], ["--baseline", "a"], ["scores.parquet"]])
def test_a_call_without_scores_or_baseline_is_refused(arguments):
    done = _run("compare", *arguments)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_31_systems_of_sisec_2018_are_compared_and_drums_have_21_of_them(tmp_path):
    published = pd.read_csv(find_shared("sisec18/sisec18_track_medians.csv.gz"))
    sdr = published[published["metric"] == "SDR"]
    columns = ["method", "track", "target", "value"]
    rows = sdr.rename(columns={"median": "value"})[columns].to_dict("records")
    write_scores(tmp_path / "sisec18.parquet", make_table(*rows))
    options = ["--baseline", "UHL3", "-o", "out.csv"]
    done = _run("compare", "sisec18.parquet", *options, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    found = pd.read_csv(tmp_path / "out.csv").set_index(["target", "method"])
    assert found.groupby("target").size()[["vocals", "drums"]].tolist() == [31, 21]
    assert (found["tracks_scored"] == 50).all()
    assert found.loc[("drums", "IBM1"), "median"] == pytest.approx(7.09, abs=0.005)
    assert found.loc[("vocals", "IRM2"), "median"] == pytest.approx(9.43, abs=0.005)
    assert found.loc[("drums", "IRM2"), "p_holm"] < 0.001
    assert found.loc[("drums", "IBM1"), "p_holm"] > 0.05
