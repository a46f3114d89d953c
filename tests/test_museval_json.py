import json

import numpy as np
import pandas as pd
import pytest
from fake_results import make_row, make_table

from iass.foundation.errors import UserError
from iass.foundation.stand_ins import import_museval
from iass.scoring.museval_json import NO_VALUE, read_museval_json, write_museval_json
from iass.scoring.table import METRICS, TAIL, check_scores
from iass.statistics.summary import compute_track_medians

NO_METRIC = dict.fromkeys(METRICS)


def _draw_scores(track, seed):
    """Return 9 frames of two targets, of all magnitudes, with undefined and infinite values."""
    generator = np.random.default_rng(seed)
    values = 10.0 ** generator.uniform(-7, 2, (2, 4, 9)) * generator.choice([-1, 1], (2, 4, 9))
    values[0, :, 2], values[1, 2, 5], values[1, 3, 6] = np.nan, np.inf, -np.inf
    rows = [
        make_row(track=track, target=target, metric=metric, frame_s=frame * 0.5, value=value)
        for target, of_target in zip(("vocals", "bass"), values, strict=True)
        for metric, of_metric in zip(METRICS, of_target, strict=True)
        for frame, value in enumerate(of_metric)
    ]
    return check_scores(pd.DataFrame(rows), "the test's table")


def _write_tracks(folder):
    """Write three tracks, one of them undefined throughout, and return their tables as one."""
    tables = [_draw_scores(track, seed) for seed, track in enumerate(("a", "b. b", "c"))]
    tables[2]["value"] = np.nan
    for table in tables:
        path = folder / "test" / f"{table['track'].iloc[0]}.json"
        assert write_museval_json(path, table, window_s=0.5)
    return pd.concat(tables, ignore_index=True)


def _assert_equal_medians(found, scores):
    expected = (
        compute_track_medians(scores).set_index(["track", "target", "metric"])["value"].sort_index()
    )
    assert len(found) == len(expected) == 24
    assert expected.isna().sum() == 8
    pd.testing.assert_series_equal(
        found.astype(float), expected, atol=1e-5, rtol=0, check_names=False
    )


def test_a_file_holds_the_frames_of_museval_in_its_layout(tmp_path):
    scores = make_table(
        {"value": np.nan, "reason": "silent"},
        {"target": "bass", "frame_s": 1.0, "metric": "SAR", "value": -0.000015},
        {"target": "bass", "frame_s": 0.0, "metric": "SAR", "value": 12.3456789},
        {"target": "bass", "frame_s": 0.0, "metric": "SIR", "value": np.inf},
    )
    path = tmp_path / "t.json"
    assert write_museval_json(path, scores, window_s=2.0)
    assert json.loads(path.read_text(), parse_constant=pytest.fail) == {
        "museval_version": "0.4.1-compatible (iass-bench)",
        "targets": [
            {"name": "vocals", "frames": [{"time": 0.0, "duration": 2.0, "metrics": NO_METRIC}]},
            {
                "name": "bass",
                "frames": [
                    {"time": 0.0, "duration": 2.0, "metrics": NO_METRIC | {"SAR": 12.34568}},
                    {"time": 1.0, "duration": 2.0, "metrics": NO_METRIC | {"SAR": -0.00002}},
                ],
            },
        ],
    }


@pytest.mark.parametrize(
    "other",
    [{"mask": "other"}, {"metric": "SI-SDR"}, {"frame_s": np.nan}, {"reason": TAIL}],
    ids=lambda other: next(iter(other)),
)
def test_rows_that_are_not_frames_of_museval_are_left_out(tmp_path, other):
    frames = make_table({"frame_s": 1.0})
    rest = make_table({"frame_s": 2.0, "value": 7.0} | other)
    for name, table in (("a", frames), ("b", pd.concat([rest, frames]))):
        write_museval_json(tmp_path / name, table, window_s=1.0)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert not write_museval_json(tmp_path / "b", rest, window_s=1.0)
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_frames_in_any_order_give_the_same_bytes(tmp_path):
    scores = _draw_scores("a", 0)
    by_target = scores[::-1].sort_values("target", ascending=False, kind="stable")
    write_museval_json(tmp_path / "a.json", scores, window_s=0.5)
    write_museval_json(tmp_path / "b.json", by_target, window_s=0.5)
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_two_values_of_one_frame_are_refused(tmp_path):
    with pytest.raises(ValueError, match="duplicate"):
        write_museval_json(tmp_path / "a.json", make_table({"seed": 0}, {"seed": 1}), window_s=1.0)
    assert list(tmp_path.iterdir()) == []


def test_values_are_rounded_as_museval_rounds_them(tmp_path):
    scores = _draw_scores("a", 0)
    halves = (2 * np.arange(18) + 1) / 64  # 0.015625, 0.046875 and so on: exact ties
    scores.loc[scores["metric"] == "SDR", "value"] = halves
    write_museval_json(tmp_path / "a.json", scores, window_s=0.5)
    quantise = import_museval().TrackStore("a")._q
    written = read_museval_json(tmp_path / "a.json").set_index(["target", "metric", "frame_s"])
    expected = scores.set_index(["target", "metric", "frame_s"])["value"].map(quantise)
    for key, value in written["value"].items():
        np.testing.assert_equal(value, float(expected[key]))


def test_museval_reads_the_medians_of_our_table(tmp_path):
    scores = _write_tracks(tmp_path)
    store = import_museval().EvalStore()
    store.add_eval_dir(tmp_path)
    _assert_equal_medians(store.agg_frames_scores(), scores)
    assert "nan" not in repr(store)


def test_museval_reads_the_files_as_a_method_among_others(tmp_path):
    scores = _write_tracks(tmp_path / "iass")
    store = import_museval().MethodStore()
    store.add_eval_dir(tmp_path / "iass")
    _assert_equal_medians(store.agg_frames_scores()["iass"], scores)


def test_museval_reads_a_folder_whose_only_track_is_undefined(tmp_path):
    nothing = _draw_scores("a", 0).assign(value=np.nan)
    write_museval_json(tmp_path / "test" / "a.json", nothing, window_s=1.0)
    store = import_museval().EvalStore()
    store.add_eval_dir(tmp_path)
    assert store.agg_frames_tracks_scores().isna().tolist() == [True] * 8


def test_a_file_that_museval_saves_is_read_with_its_bare_nan(tmp_path):
    values = {metric: [1.25, np.nan, np.inf] for metric in METRICS}
    track = import_museval().TrackStore("t", win=1.0, hop=0.5)
    track.add_target("vocals", values | {"SIR": [3.0, 4.0, -5.000004]})
    track.save(str(tmp_path / "t.json"))
    assert "NaN" in (tmp_path / "t.json").read_text()
    found = read_museval_json(tmp_path / "t.json")
    assert list(found.columns) == ["target", "metric", "frame_s", "value", "reason"]
    assert found["target"].unique().tolist() == ["vocals"]
    for metric in METRICS:
        rows = found[found["metric"] == metric]
        assert rows["frame_s"].tolist() == [0.0, 0.5, 1.0]
        expected = [3.0, 4.0, -5.0] if metric == "SIR" else [1.25, np.nan, np.nan]
        np.testing.assert_array_equal(rows["value"], expected)
        assert rows["reason"].tolist() == [NO_VALUE if v != v else "" for v in expected]


def _make_text(value="1", frame="", target="", track=""):
    metrics = f'{{"SDR": {value}, "SIR": 2, "SAR": 3.5, "ISR": null, "new": "x"}}'
    frames = f'[{{"time": 0, "duration": 1, "metrics": {metrics}{frame}}}]'
    return f'{{"targets": [{{"name": "bass", "frames": {frames}{target}}}]{track}}}'


TWICE = json.dumps({"targets": json.loads(_make_text())["targets"] * 2})


@pytest.mark.parametrize(
    ("text", "value"),
    [("-1.5", -1.5), ("2", 2.0), ("NaN", np.nan), ("null", np.nan), ("-Infinity", np.nan)],
)
def test_numbers_null_and_nan_are_read_and_other_keys_ignored(tmp_path, text, value):
    path = tmp_path / "t.json"
    path.write_text(_make_text(text, ', "a": [1]', ', "b": {}', ', "comment": null'))
    found = read_museval_json(path).set_index("metric")["value"]
    assert found.index.tolist() == list(METRICS)
    np.testing.assert_array_equal(found, [value, np.nan, 2.0, 3.5])


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "EOF"),
        ("SDR 1.0", "Invalid JSON"),
        (_make_text()[:-1], "EOF"),
        ("[]", "should be an object"),
        ("{}", "targets: Field required"),
        ('{"targets": null}', "targets: Input should be a valid array"),
        ('{"targets": []}', "no targets"),
        ('{"targets": [{"name": "a", "frames": []}]}', "no frames"),
        ('{"targets": [{"frames": []}]}', r"targets\.0\.name: Field required"),
        (_make_text().replace('"time"', '"t"'), r"targets\.0\.frames\.0\.time: Field required"),
        (_make_text().replace('"SAR"', '"sar"'), r"frames\.0\.metrics\.SAR: Field required"),
        (_make_text().replace("0,", "NaN,"), "time: Input should be a finite number"),
        (_make_text('"1.0"'), r"metrics\.SDR: Input should be a valid number"),
        (_make_text("true"), r"metrics\.SDR: Input should be a valid number"),
        (TWICE, "two frames at one time"),
    ],
)
def test_a_malformed_file_is_named_with_its_fault(tmp_path, text, fault):
    path = tmp_path / "song.json"
    path.write_text(text)
    with pytest.raises(UserError, match=fault) as error:
        read_museval_json(path)
    assert str(error.value).startswith(f"{path} is not a score file of museval (")
    assert "\n" not in str(error.value)


def test_a_file_that_is_not_text_a_folder_and_a_missing_file_are_named(tmp_path):
    (tmp_path / "latin.json").write_bytes(_make_text().replace("bass", "Bäß").encode("latin-1"))
    (tmp_path / "folder.json").mkdir()
    faults = {"latin": "it is not UTF-8", "folder": "Is a directory", "none": "No such file"}
    for name, fault in faults.items():
        with pytest.raises(UserError, match=rf"{name}\.json is not .* \({fault}"):
            read_museval_json(tmp_path / f"{name}.json")
