from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from wav_folders import Folders, make_song, read_visible, write_folder, write_tree

from iass.foundation.errors import UserError
from iass.foundation.stand_ins import import_museval
from iass.reporting.terminal import format_medians
from iass.scoring.evaluator import Options, evaluate_folders
from iass.scoring.folders import find_pair, find_tracks
from iass.scoring.score import METRICS
from iass.scoring.table import read_scores
from iass.statistics.summary import compute_track_medians

HALF = Options(window_s=0.5, hop_s=0.5)
TREE = ("test/A - Ünë. v2", "test/B", "train/C")


def _find(folders: Folders) -> list[tuple[str, str]]:
    tracks = find_tracks(folders.references, folders.estimates)
    return [(track.subset, track.name) for track in tracks]


def _evaluate(folders: Folders, output: Path, options: Options = HALF) -> pd.DataFrame:
    evaluation = evaluate_folders(folders.references, folders.estimates, output, options)
    assert not evaluation.failures
    return evaluation.scores


def _refuse(folders: Folders, output: Path, options: Options = HALF) -> str:
    with pytest.raises(UserError) as error:
        evaluate_folders(folders.references, folders.estimates, output, options)
    return str(error.value)


def _break(folders: Folders, track: str) -> None:
    (folders.estimates / track / "drums.wav").write_bytes(b"RIFF")


def test_tracks_lie_in_subsets_or_belong_to_test(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("train/A", "test/B", "C"))
    assert _find(folders) == [("test", "C"), ("test", "B"), ("train", "A")]
    assert find_pair(folders.references, folders.estimates) is None


def test_a_subset_without_estimates_and_hidden_folders_are_ignored(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("test/B",))
    write_folder(folders.references / "train" / "A", make_song(1).references)
    for folder in (folders.references, folders.estimates):
        write_folder(folder / ".cache" / "D", make_song(1).references)
    (folders.references / "pictures").mkdir()
    assert _find(folders) == [("test", "B")]


def test_an_empty_folder_on_both_sides_is_a_track_without_references(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("B",))
    for folder in (folders.references, folders.estimates):
        (folder / "A").mkdir()
    assert _find(folders) == [("test", "A"), ("test", "B")]
    evaluation = evaluate_folders(folders.references, folders.estimates, tmp_path / "o", HALF)
    [failure] = evaluation.failures
    assert f"{folders.references / 'A'} holds no reference" in failure


def test_nothing_found_is_explained(tmp_path: Path) -> None:
    folders = Folders(tmp_path / "references", tmp_path / "estimates")
    assert "references is not a folder" in _refuse(folders, tmp_path / "o")
    folders.references.mkdir()
    assert "estimates is not a folder" in _refuse(folders, tmp_path / "o")
    folders.estimates.mkdir()
    assert "found 0 tracks because" in _refuse(folders, tmp_path / "o")
    (folders.references / "train" / "A").mkdir(parents=True)
    assert "has none of its subsets train" in _refuse(folders, tmp_path / "o")
    assert not (tmp_path / "o").exists()


def test_one_name_in_two_subsets_is_refused(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("test/A", "test/B", "train/B"))
    assert "'B' is a track of test and train" in _refuse(folders, tmp_path / "o")


def test_a_tree_gives_one_table_and_musevals_folders(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TREE)
    scores = _evaluate(folders, tmp_path / "o")
    assert sorted(read_visible(tmp_path / "o")) == [
        "scores.parquet",
        "test/A - Ünë. v2.json",
        "test/B.json",
        "train/C.json",
    ]
    written = read_scores(tmp_path / "o" / "scores.parquet")
    keys = ["track", "target", "metric", "mask", "frame_s"]
    pd.testing.assert_frame_equal(
        written.sort_values(keys, ignore_index=True), scores.sort_values(keys, ignore_index=True)
    )
    assert set(written["track"]) == {"A - Ünë. v2", "B", "C"}
    assert set(written["metric"]) == set(METRICS)
    names = written[["experiment", "dataset", "method", "protocol"]].drop_duplicates()
    assert names.to_numpy().tolist() == [["scored", "references", "estimates", "joint"]]
    assert written["seed"].isna().all()
    assert written["run_id"].nunique() == 3


def test_musevals_store_reads_musevals_numbers(tmp_path: Path) -> None:
    museval = import_museval()
    folders = write_tree(tmp_path, TREE[:2])
    scores = _evaluate(folders, tmp_path / "o")
    store = museval.EvalStore()
    store.add_eval_dir(tmp_path / "o")
    frames = store.df.set_index(["track", "target", "metric", "time"])["score"].sort_index()
    assert len(frames) == 2 * 2 * 4 * 3
    for seed, track in enumerate(("A - Ünë. v2", "B")):
        song = make_song(seed)
        sides = [np.stack([a.T for a in s.values()]) for s in (song.references, song.estimates)]
        values = museval.evaluate(*sides, win=4000, hop=4000)
        for metric, of_metric in zip(("SDR", "ISR", "SIR", "SAR"), values, strict=True):
            for target, expected in zip(song.references, of_metric, strict=True):
                np.testing.assert_allclose(frames[track, target, metric], expected, atol=1e-5)
    medians = compute_track_medians(scores[scores["mask"] == "museval"])
    ours = medians.set_index(["track", "target", "metric"])["value"]
    theirs = store.agg_frames_scores()
    np.testing.assert_allclose(theirs, ours.loc[theirs.index], atol=1e-5)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_a_pair_gives_one_table(tmp_path: Path, suffix: str) -> None:
    folders = Folders(tmp_path / "Song", tmp_path / "umx")
    folders.write(make_song(0))
    scores = _evaluate(folders, tmp_path / "new" / f"a.{suffix}")
    path = tmp_path / "new" / f"a.{suffix}"
    written = read_scores(path) if suffix == "parquet" else pd.read_csv(path)
    assert len(written) == len(scores)
    assert set(written["mask"]) == {"museval", "target", "none"}
    assert written[["dataset", "method", "track"]].drop_duplicates().to_numpy().tolist() == [
        ["Song", "umx", "Song"]
    ]


def test_a_folder_is_named_even_as_a_dot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = Folders(tmp_path / "Song", tmp_path / "umx")
    folders.write(make_song(0))
    monkeypatch.chdir(folders.estimates)
    scores = _evaluate(Folders(Path("../Song"), Path()), tmp_path / "a.csv")
    assert set(scores["method"]) == {"umx"}


def test_one_track_has_the_same_scores_alone_and_in_a_tree(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TREE)
    _evaluate(folders, tmp_path / "o")
    alone = Folders(folders.references / "test" / "B", folders.estimates / "test" / "B")
    _evaluate(alone, tmp_path / "B.json")
    assert (tmp_path / "B.json").read_bytes() == (tmp_path / "o" / "test" / "B.json").read_bytes()


def test_any_number_of_jobs_gives_the_same_bytes(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TREE)
    _evaluate(folders, tmp_path / "one")
    _evaluate(folders, tmp_path / "two", replace(HALF, jobs=2))
    assert read_visible(tmp_path / "one") == read_visible(tmp_path / "two")


def test_only_a_changed_track_is_scored_again(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TREE)
    _evaluate(folders, tmp_path / "o")
    kept = {p: p.stat().st_mtime_ns for p in (tmp_path / "o" / ".finished").iterdir()}
    before = read_visible(tmp_path / "o")
    folders.write(make_song(7), "test/B")
    _evaluate(folders, tmp_path / "o")
    now = {p: p.stat().st_mtime_ns for p in (tmp_path / "o" / ".finished").iterdir()}
    assert len(now) == len(kept) + 1
    assert kept.items() <= now.items()
    changed = {name for name, data in read_visible(tmp_path / "o").items() if data != before[name]}
    assert changed == {"test/B.json", "scores.parquet"}


@pytest.mark.parametrize(
    "other",
    [
        replace(HALF, metrics=("SDR",)),
        replace(HALF, protocol="per_target"),
        replace(HALF, window_s=0.25),
        replace(HALF, hop_s=0.25),
        replace(HALF, targets=["drums"]),
    ],
)
def test_another_way_to_score_is_not_taken_for_the_kept_one(tmp_path: Path, other: Options) -> None:
    folders = write_tree(tmp_path, ("A",))
    first = _evaluate(folders, tmp_path / "o")
    again = _evaluate(folders, tmp_path / "o", other)
    fresh = _evaluate(folders, tmp_path / "fresh", other)
    pd.testing.assert_frame_equal(again, fresh)
    assert not again.equals(first)


def test_a_broken_track_stops_no_other_and_is_counted(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TREE)
    whole = _evaluate(folders, tmp_path / "whole")
    _break(folders, "test/B")
    (folders.estimates / "train" / "C").rename(tmp_path / "away")
    for jobs in (1, 2):
        output = tmp_path / f"o{jobs}"
        options = replace(HALF, jobs=jobs)
        evaluation = evaluate_folders(folders.references, folders.estimates, output, options)
        assert len(evaluation.failures) == 2
        assert any("drums.wav cannot be read" in failure for failure in evaluation.failures)
        assert sorted(read_visible(output)) == ["scores.parquet", f"{TREE[0]}.json"]
        good = whole[whole["track"] == "A - Ünë. v2"].reset_index(drop=True)
        pd.testing.assert_frame_equal(evaluation.scores, good)


def test_a_track_that_broke_has_no_file_of_an_earlier_run(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TREE)
    _evaluate(folders, tmp_path / "o")
    _break(folders, "test/B")
    evaluate_folders(folders.references, folders.estimates, tmp_path / "o", HALF)
    assert sorted(read_visible(tmp_path / "o")) == [
        "scores.parquet",
        f"{TREE[0]}.json",
        "train/C.json",
    ]


def test_when_nothing_can_be_scored_nothing_is_changed(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, TREE)
    _evaluate(folders, tmp_path / "o")
    before = read_visible(tmp_path / "o")
    for track in TREE:
        _break(folders, track)
    message = _refuse(folders, tmp_path / "o")
    assert message.startswith("None of 3 tracks was scored: ")
    assert read_visible(tmp_path / "o") == before


def test_a_track_on_which_no_target_sounds_has_rows_and_no_json(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("A", "B"))
    song = make_song(3)
    silent = {name: np.zeros_like(audio) for name, audio in song.references.items()}
    folders.write(replace(song, references=silent), "B")
    scores = _evaluate(folders, tmp_path / "o")
    assert sorted(read_visible(tmp_path / "o")) == ["scores.parquet", "test/A.json"]
    of_silent = scores[scores["track"] == "B"]
    assert of_silent.loc[of_silent["value"].notna(), "metric"].tolist() == ["leakage"] * 2


def test_the_printed_medians_are_those_over_frames_then_tracks(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("A", "B", "C"))
    scores = _evaluate(folders, tmp_path / "o")
    rows = scores[(scores["metric"] == "SIR") & (scores["mask"] == "museval")]
    expected = rows.groupby(["target", "track"])["value"].median().groupby("target").median()
    lines = [line.split() for line in format_medians(scores).splitlines()]
    assert lines[0] == ["target", "SDR", "ISR", "SIR", "SAR", "n"]
    assert [line[0] for line in lines[1:3]] == ["drums", "vocals"]
    assert [line[3] for line in lines[1:3]] == [f"{value:.2f}" for value in expected]
    assert {line[5] for line in lines[1:3]} == {"3"}


def test_printed_medians_leave_out_what_was_not_computed(tmp_path: Path) -> None:
    folders = write_tree(tmp_path, ("A",))
    some = _evaluate(folders, tmp_path / "o", replace(HALF, metrics=("SAR", "uSDR")))
    assert format_medians(some).split()[:3] == ["target", "SAR", "n"]
    none = _evaluate(folders, tmp_path / "o", replace(HALF, metrics=("uSDR",)))
    assert format_medians(none).startswith("No SDR, ISR, SIR, SAR was computed")


def test_a_file_that_museval_would_count_though_it_is_not_scored_now_is_named(
    tmp_path: Path,
) -> None:
    stranger = tmp_path / "out" / "test" / "Z.json"
    stranger.parent.mkdir(parents=True)
    stranger.write_text("{}")
    message = _refuse(write_tree(tmp_path, ("A",)), tmp_path / "out")
    assert message.startswith(f"{stranger} is of a track that is not scored now")
    assert stranger.read_text() == "{}"
