import numpy as np
import pytest
from fake_results import make_scores, make_table

from iass.scoring.table import empty_scores
from iass.statistics.summary import (
    average_seeds,
    compute_track_medians,
    summarise_over_seeds,
    summarise_per_seed,
)


def frames(track, values, **changes):
    return [
        {"track": track, "frame_s": float(index), "value": value, **changes}
        for index, value in enumerate(values)
    ]


def test_undefined_frames_are_ignored_and_counted():
    medians = compute_track_medians(make_table(*frames("a", [1.0, np.nan, 4.0, 10.0])))
    assert medians[["value", "frames_used", "frames"]].iloc[0].tolist() == [4.0, 3, 4]


def test_an_infinite_frame_counts_as_undefined():
    medians = compute_track_medians(make_table(*frames("a", [1.0, np.inf, -np.inf, 3.0])))
    assert medians[["value", "frames_used", "frames"]].iloc[0].tolist() == [2.0, 2, 4]


def test_a_track_that_cannot_be_scored_keeps_its_reason_and_counts_no_frame():
    failed = {"track": "b", "frame_s": np.nan, "value": np.nan, "reason": "silent"}
    summary = summarise_over_seeds(make_table(*frames("a", [2.0]), failed)).iloc[0]
    assert (summary["tracks_scored"], summary["tracks_failed"]) == (1, 1)
    assert (summary["frames_used"], summary["frames"]) == (1, 1)
    assert (summary["median"], summary["reason"]) == (2.0, "silent")


def test_the_reason_of_single_frames_is_dropped_where_the_track_has_a_value():
    rows = [*frames("a", [1.0]), *frames("a", [np.nan], reason="frame silent")]
    assert compute_track_medians(make_table(*rows))["reason"].tolist() == [""]


def test_median_and_quartiles_over_tracks_are_those_worked_out_by_hand():
    # Track medians 1, 2, 4, 8: median 3; quartiles at positions 0.75 and 2.25: 1.75 and 5.
    rows = [
        row
        for t, v in zip("abcd", (1, 2, 4, 8), strict=True)
        for row in frames(t, [v - 1, v, v + 5])
    ]
    summary = summarise_over_seeds(make_table(*rows)).iloc[0]
    assert summary[["median", "q25", "q75"]].tolist() == [3.0, 1.75, 5.0]


def test_a_long_track_weighs_as_much_as_a_short_one():
    rows = [*frames("long", [0.0] * 9), *frames("short", [10.0])]
    assert summarise_over_seeds(make_table(*rows))["median"].tolist() == [5.0]


def test_seeds_are_averaged_per_track_before_the_median_over_tracks():
    # Seed 0: a 0, b 10; seed 1: a 4, b 2. Means per track: a 2, b 6; median 4.
    table = make_table(
        *frames("a", [0.0], seed=0),
        *frames("b", [10.0], seed=0),
        *frames("a", [4.0], seed=1),
        *frames("b", [2.0], seed=1),
    )
    assert average_seeds(compute_track_medians(table))["value"].tolist() == [2.0, 6.0]
    summary = summarise_over_seeds(table).iloc[0]
    assert (summary["median"], summary["tracks_scored"], summary["seeds"]) == (4.0, 2, 2)
    assert summarise_per_seed(table)["median"].tolist() == [5.0, 3.0]


def test_a_track_that_one_seed_failed_on_is_averaged_over_the_others():
    table = make_table(
        *frames("a", [3.0], seed=0), *frames("a", [np.nan], seed=1, reason="estimate silent")
    )
    summary = summarise_over_seeds(table).iloc[0]
    assert (summary["median"], summary["tracks_failed"], summary["reason"]) == (3.0, 0, "")


def test_methods_without_seeds_are_not_lost():
    assert len(summarise_per_seed(make_table(*frames("a", [1.0], seed=None)))) == 1


@pytest.mark.parametrize("column", ["experiment", "dataset", "method", "target", "metric"])
def test_groups_are_kept_apart(column):
    table = make_table({column: "x", "value": 1.0}, {column: "y", "value": 5.0})
    assert summarise_over_seeds(table)["median"].tolist() == [1.0, 5.0]


def test_a_second_implementation_agrees_on_random_scores():
    scores = make_scores(tracks=5, frames=4, seeds=(0, 1))
    summary = summarise_over_seeds(scores).set_index(["method", "target", "metric"])
    for (method, target, metric), rows in scores.groupby(["method", "target", "metric"]):
        per_track = [
            np.nanmean(
                [np.nanmedian(seed["value"]) for _, seed in track.groupby("seed", dropna=False)]
            )
            for _, track in rows.groupby("track")
            if track["value"].notna().any()
        ]
        found = summary.loc[(method, target, metric), ["q25", "median", "q75"]].tolist()
        assert found == pytest.approx(np.percentile(per_track, [25, 50, 75]).tolist())


def test_an_empty_table_gives_an_empty_summary():
    assert len(summarise_over_seeds(empty_scores())) == 0
    assert len(summarise_per_seed(empty_scores())) == 0
