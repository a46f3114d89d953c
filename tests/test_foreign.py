import gzip
import hashlib
import json

import numpy as np
import pandas as pd
import pytest
from shared_data import find_shared
from test_cli import _run

from iass.foundation.errors import UserError
from iass.scoring.foreign import import_submissions
from iass.scoring.museval_json import NO_VALUE
from iass.scoring.table import COLUMNS, METRICS, read_scores
from iass.statistics.summary import compute_track_medians

FRAME = '{"time": %.1f, "duration": 1.0, "metrics": {"SDR": %s, "SIR": 2, "SAR": 3, "ISR": 4}}'


def _write_track(path, *sdr):
    """Write a track of the target vocals as SiSEC's files are, with literal NaN."""
    frames = ", ".join(FRAME % item for item in enumerate(sdr))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'{{"targets": [{{"name": "vocals", "frames": [{frames}]}}]}}')


def _write_submissions(folder):
    _write_track(folder / "UHL2" / "test" / "A - b. c.json", "5.5", "NaN", "-1.5")
    _write_track(folder / "UHL2" / "test" / "more" / "D - e.json", "NaN", "NaN", "NaN")
    _write_track(folder / "MIX" / "test" / "A - b. c.json", "0.25", "0.5", "1.0")
    _write_track(folder / "MIX" / "train" / "F.json", "9.0")
    (folder / "scripts").mkdir()
    (folder / "README.md").touch()


def test_submissions_become_a_score_table(tmp_path):
    _write_submissions(tmp_path)
    scores = import_submissions(tmp_path, "musdb18")
    assert list(scores.columns) == COLUMNS
    assert len(scores) == 3 * 3 * len(METRICS)
    row = {"method": "UHL2", "track": "A - b. c", "metric": "SDR"}
    sdr = scores[(scores[list(row)] == pd.Series(row)).all(axis=1)]
    assert sdr["frame_s"].tolist() == [0, 1, 2]
    np.testing.assert_array_equal(sdr["value"], [5.5, np.nan, -1.5])
    assert sdr["reason"].tolist() == ["", NO_VALUE, ""]
    content = (tmp_path / "UHL2" / "test" / "A - b. c.json").read_bytes()
    assert sdr.drop(columns=["frame_s", "value", "reason"]).drop_duplicates().to_dict(
        "records"
    ) == [
        row
        | {
            "experiment": "imported",
            "dataset": "musdb18",
            "seed": None,
            "target": "vocals",
            "mask": "museval",
            "protocol": "joint",
            "flags": "",
            "run_id": hashlib.sha256(content).hexdigest()[:16],
        }
    ]


def test_medians_ignore_nan_and_keep_a_track_without_values(tmp_path):
    _write_submissions(tmp_path)
    medians = compute_track_medians(import_submissions(tmp_path, "musdb18"))
    sdr = medians[medians["metric"] == "SDR"].set_index(["method", "track"])
    assert sdr["value"].fillna(-99).to_dict() == {
        ("MIX", "A - b. c"): 0.5,
        ("UHL2", "A - b. c"): 2.0,
        ("UHL2", "D - e"): -99,
    }
    assert sdr.loc[("UHL2", "D - e"), "reason"] == NO_VALUE


def test_one_method_may_be_given_by_its_own_folder(tmp_path, monkeypatch):
    _write_submissions(tmp_path)
    every = import_submissions(tmp_path, "musdb18")
    expected = every[every["method"] == "UHL2"].reset_index(drop=True)
    pd.testing.assert_frame_equal(import_submissions(tmp_path / "UHL2", "musdb18"), expected)
    monkeypatch.chdir(tmp_path / "UHL2")
    pd.testing.assert_frame_equal(import_submissions(type(tmp_path)(), "musdb18"), expected)


def test_a_track_that_a_method_holds_twice_is_refused(tmp_path):
    _write_track(tmp_path / "MIX" / "test" / "a.json", "1.0")
    _write_track(tmp_path / "MIX" / "test" / "x" / "a.json", "1.0")
    with pytest.raises(UserError, match=r"test/a\.json and .*test/x/a\.json are the same track"):
        import_submissions(tmp_path, "musdb18")


def test_a_folder_without_tracks_is_named_with_what_was_looked_for(tmp_path):
    with pytest.raises(UserError, match="none is not a folder"):
        import_submissions(tmp_path / "none", "musdb18")
    with pytest.raises(UserError, match=r"^Found 0 tracks because .* METHOD/test/\*\*/\*\.json"):
        import_submissions(tmp_path, "musdb18")
    _write_track(tmp_path / "GOOD" / "test" / "a.json", "1.0")
    (tmp_path / "EMPTY" / "test").mkdir(parents=True)
    with pytest.raises(UserError, match=r"^Found 0 tracks because .*EMPTY/test holds no file"):
        import_submissions(tmp_path, "musdb18")


def test_a_malformed_file_among_others_is_named(tmp_path):
    _write_submissions(tmp_path)
    _write_track(tmp_path / "MIX" / "test" / "z.json", "loud")
    with pytest.raises(UserError, match=r"MIX/test/z\.json is not a score file of museval"):
        import_submissions(tmp_path, "musdb18")


def test_the_help_of_the_command_holds_an_example():
    assert "Example: iass import-museval" in _run("import-museval", "--help").stdout


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_the_command_writes_the_table_and_says_what_it_read(tmp_path, suffix):
    _write_submissions(tmp_path / "submissions")
    output = tmp_path / f"out.{suffix}"
    output.write_text("old")
    done = _run("import-museval", "submissions", "-o", output.name, folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"Imported 2 methods, 2 tracks, 36 rows: {output.name}\n"
    read = read_scores if suffix == "parquet" else pd.read_csv
    assert set(read(output)["dataset"]) == {"musdb18"}
    first = output.read_bytes()
    assert _run("import-museval", "submissions", "-o", output.name, folder=tmp_path).returncode == 0
    assert output.read_bytes() == first
    assert {path.name for path in tmp_path.iterdir()} == {"submissions", output.name}


def test_the_command_refuses_in_one_sentence_and_leaves_the_old_table(tmp_path):
    _write_track(tmp_path / "MIX" / "test" / "a.json", "loud")
    (tmp_path / "out.csv").write_text("old")
    for output, fault in (("out.csv", "a.json is not a score file"), ("out.txt", "out.txt ends")):
        done = _run("import-museval", "MIX", "-o", output, "--dataset", "mine", folder=tmp_path)
        assert done.returncode == 1
        assert done.stderr.startswith("iass: ")
        assert fault in done.stderr
        assert done.stderr.count("\n") == 1
    assert {path.name for path in tmp_path.iterdir()} == {"MIX", "out.csv"}
    assert (tmp_path / "out.csv").read_text() == "old"


def test_sisec_2018_has_the_published_medians(tmp_path):
    """The campaign's own files of its method MIX, 50 tracks of 5 targets."""
    with gzip.open(find_shared("sisec18/raw_MIX.jsonl.gz"), "rt", encoding="utf-8") as lines:
        tracks = [json.loads(line) for line in lines]
    for content in tracks:
        path = tmp_path / "submissions" / "MIX" / "test" / f"{content.pop('track')}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))
    found = compute_track_medians(import_submissions(tmp_path / "submissions", "musdb18"))
    published = pd.read_csv(find_shared("sisec18/sisec18_track_medians.csv.gz"))
    keys = ["track", "target", "metric"]
    expected = published[published["method"] == "MIX"].set_index(keys).sort_index()
    found = found.set_index(keys).sort_index()
    assert found.index.tolist() == expected.index.tolist()
    assert len(found) == 50 * 5 * len(METRICS)
    np.testing.assert_allclose(found["value"], expected["median"], rtol=0, atol=1e-5)
    assert found["frames"].tolist() == expected["n_frames"].tolist()
    assert found["frames_used"].tolist() == expected["n_finite"].tolist()
