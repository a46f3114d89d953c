import time
from itertools import product

import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO, make_scores
from shared_data import find_shared

from iass.foundation.errors import UserError
from iass.statistics.holm import adjust_holm
from iass.statistics.intervals import TOO_FEW
from iass.statistics.paired import NO_STAR, NO_TRACKS, compare_paired
from iass.statistics.pairs import COLUMNS, HOPELESS, compare_all, compare_to
from iass.statistics.summary import average_seeds, compute_track_medians


def make_tracks(
    methods, tracks=20, targets=("vocals", "drums"), datasets=("a",), metrics=("SDR",), seed=0
):
    generator = np.random.default_rng(seed)
    keys = ["dataset", "method", "target", "metric", "track"]
    names = [f"song {index}" for index in range(tracks)]
    rows = pd.DataFrame(product(datasets, methods, targets, metrics, names), columns=keys)
    return rows.assign(experiment="demo", value=generator.normal(5, 2.5, size=len(rows)))


def select(rows, **wanted):
    return rows[(rows[list(wanted)] == pd.Series(wanted)).all(axis=1)]


def test_every_pair_of_every_target_is_the_paired_comparison_of_its_tracks():
    tracks = make_tracks("abc").sample(frac=1, random_state=1)
    pairs = compare_all(tracks, ["c", "a", "b"])
    assert list(pairs.columns) == COLUMNS
    assert pairs.drop_duplicates(["first", "second"])[["first", "second"]].to_numpy().tolist() == [
        ["c", "a"],
        ["c", "b"],
        ["a", "b"],
    ]
    values = tracks[tracks["target"] == "drums"].pivot(
        index="track", columns="method", values="value"
    )
    expected = compare_paired(values["c"], values["b"], tests=6)  # three pairs, two targets
    (found,) = select(pairs, target="drums", first="c", second="b").to_dict("records")
    assert {name: found[name] for name in vars(expected)} == vars(expected)


def test_p_is_corrected_over_pairs_targets_and_data_sets_but_not_over_metrics():
    tracks = make_tracks("abc", datasets=("x", "y"), metrics=("SDR", "SIR"))
    pairs = compare_all(tracks, ["a", "b", "c"])
    for metric in ("SDR", "SIR"):
        rows = select(pairs, metric=metric)
        assert len(rows) == 3 * 2 * 2
        np.testing.assert_array_equal(rows["p_holm"], adjust_holm(rows["p"]))


def test_experiments_are_corrected_apart():
    one = make_tracks("ab")
    pairs = compare_all(pd.concat([one, one.assign(experiment="other")]), ["a", "b"])
    alone = compare_all(one, ["a", "b"])
    np.testing.assert_array_equal(select(pairs, experiment="other")["p_holm"], alone["p_holm"])


def test_a_method_without_scores_is_said_and_weakens_no_other_test():
    tracks = make_tracks("ab")
    pairs = compare_all(tracks, ["a", "absent", "b"])
    absent = pairs[(pairs["first"] == "absent") | (pairs["second"] == "absent")]
    assert len(absent) == 4
    assert absent["p_holm"].isna().all()
    assert set(absent["note"]) == {NO_TRACKS}
    expected = compare_all(tracks, ["a", "b"])["p_holm"]
    np.testing.assert_array_equal(select(pairs, first="a", second="b")["p_holm"], expected)


def test_a_data_set_of_too_few_tracks_for_any_star_weakens_no_other_test():
    tracks = make_tracks("ab", datasets=("x",))
    pairs = compare_all(pd.concat([tracks, make_tracks("ab", 5, datasets=("y",))]), ["a", "b"])
    assert select(pairs, dataset="y")["p_holm"].isna().all()
    assert select(pairs, dataset="y")["p"].notna().all()
    expected = compare_all(tracks, ["a", "b"])["p_holm"]
    np.testing.assert_array_equal(select(pairs, dataset="x")["p_holm"], expected)


def test_it_is_said_where_so_many_tests_leave_so_few_tracks_no_chance():
    # The smallest p of 8 tracks is 2 / 2^8 = 0.0078: enough for 6 tests, 0.047, not for 9.
    pairs = compare_all(make_tracks("abc", 8), ["a", "b", "c"])
    assert set(pairs["note"]) == {""}
    pairs = compare_all(make_tracks("abc", 8, targets=("x", "y", "z")), ["a", "b", "c"])
    assert set(pairs["note"]) == {HOPELESS}
    pairs = compare_all(make_tracks("abc", 3, targets=("x", "y", "z")), ["a", "b", "c"])
    assert set(pairs["note"]) == {f"{TOO_FEW}; {NO_STAR}"}


def test_the_comparison_with_a_baseline_is_turned_towards_it_and_corrected_as_all():
    tracks = make_tracks("abc")
    every = compare_all(tracks, ["a", "b", "c"])
    found = compare_to(tracks, "b", ["a", "b", "c"])
    assert found["first"].tolist() == ["a", "c"] * 2
    assert set(found["second"]) == {"b"}
    straight = select(every, target="drums", first="a", second="b").iloc[0]
    pd.testing.assert_series_equal(found.iloc[0], straight, check_names=False)
    turned = select(every, target="drums", first="b", second="c").iloc[0]
    row = found.iloc[1]
    assert (
        row[["difference", "low", "high"]].tolist()
        == (-turned[["difference", "high", "low"]]).tolist()
    )
    assert row[["p", "p_holm", "wins", "losses", "detectable"]].tolist() == (
        turned[["p", "p_holm", "losses", "wins", "detectable"]].tolist()
    )


def test_what_can_be_found_counts_the_tests_that_are_corrected_together():
    few = make_tracks("abc", 5, datasets=("few",))  # no test, so it costs nothing
    tracks = pd.concat([make_tracks("abc", 20), few])
    pairs = compare_all(tracks, ["a", "b", "c"])
    assert pairs["p_holm"].notna().sum() == 6  # three pairs, two targets
    row = select(pairs, dataset="a", target="drums", first="a", second="b").iloc[0]
    values = tracks[(tracks["target"] == "drums") & (tracks["dataset"] == "a")]
    first, second = (values[values["method"] == name]["value"] for name in "ab")
    assert row["detectable"] == compare_paired(first, second, tests=6).detectable
    assert row["detectable"] > compare_paired(first, second).detectable
    assert select(pairs, dataset="few")["detectable"].isna().all()


def test_a_baseline_that_is_no_method_is_refused_with_the_methods_there_are():
    with pytest.raises(UserError, match=r"no method 'd'; choose one of: a, b, c"):
        compare_to(make_tracks("abc"), "d", ["a", "b", "c"])


@pytest.mark.parametrize("methods", [[], ["a"]])
def test_fewer_than_two_methods_give_no_pairs(methods):
    pairs = compare_all(make_tracks("a"), methods)
    assert (list(pairs.columns), len(pairs)) == (COLUMNS, 0)


def test_an_empty_track_table_gives_no_pairs():
    pairs = compare_all(make_tracks("ab").iloc[:0], ["a", "b"])
    assert (list(pairs.columns), len(pairs)) == (COLUMNS, 0)


def test_scores_of_a_run_with_undefined_frames_and_tracks_are_compared():
    tracks = average_seeds(compute_track_medians(make_scores(seeds=(0, 1))))
    pairs = compare_all(tracks, DEMO.methods)
    assert len(pairs) == 15 * 6 * 4
    assert pairs["tracks"].min() == 7
    same = select(pairs, first="input_mixture", second="silence", target="vocals", metric="SDR")
    assert same["difference"].item() < 0


def test_31_systems_on_50_tracks_take_seconds():
    published = pd.read_csv(find_shared("sisec18/sisec18_track_medians.csv.gz"))
    tracks = published[published["target"] != "accompaniment"].assign(
        experiment="imported", dataset="musdb18", value=published["median"]
    )
    methods = sorted(tracks["method"].unique())
    start = time.process_time()
    pairs = compare_all(tracks, methods)
    assert time.process_time() - start < 30
    assert len(pairs) == 31 * 30 / 2 * 4 * 4
    best = select(pairs, first="IRM2", second="MWF", target="vocals", metric="SDR").iloc[0]
    assert best["p_holm"] < 0.05
    assert 0 < best["low"] < best["difference"] < best["high"]
    drums = select(pairs, target="drums", metric="SDR")
    assert (drums["tracks"] == 50).sum() == 21 * 20 / 2
