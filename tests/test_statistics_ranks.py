import numpy as np
import pandas as pd
import pytest
from scipy.stats import friedmanchisquare

from iass.statistics.ranks import rank_methods


def make_values(shifts, tracks=30, noise=0.7):
    generator = np.random.default_rng(0)
    values = generator.normal(5, 2.5, (tracks, 1)) + generator.normal(0, noise, (tracks, 1 + 25))
    return pd.DataFrame(
        {name: values[:, index] + shift for index, (name, shift) in enumerate(shifts.items())}
    )


def list_pairs(told_apart):
    rows = [(*sorted(pair), 0.01) for pair in told_apart]
    return pd.DataFrame(rows, columns=["first", "second", "p_holm"])


def test_ranks_and_friedmans_statistic_worked_by_hand():
    # Ranks per track: a 1 1 1 2, b 2 2 3 1, c 3 3 2 3; sums 5, 8, 11 over 4 tracks, 3 methods:
    # 12 / (4 x 3 x 4) x (25 + 64 + 121) - 3 x 4 x 4 = 4.5; chi-square with 2 degrees: e^-2.25.
    values = pd.DataFrame({"c": [1, 2, 3, 1], "b": [2, 3, 2, 9], "a": [3, 4, 5, 6]}, dtype=float)
    found = rank_methods(values)
    assert found.methods == ("a", "b", "c")
    assert found.mean_ranks == (1.25, 2.0, 2.75)
    assert (found.statistic, found.p) == pytest.approx((4.5, np.exp(-2.25)))
    assert (found.tracks, found.note) == (4, "")


def test_friedman_is_scipys_and_ties_share_their_ranks():
    values = make_values({"a": 0.0, "b": 0.4, "c": 0.8, "d": 0.8}).round(0)
    found = rank_methods(values)
    expected = friedmanchisquare(*values.to_numpy().T)
    assert (found.statistic, found.p) == (expected.statistic, expected.pvalue)
    assert sum(found.mean_ranks) == pytest.approx(1 + 2 + 3 + 4)


def test_methods_far_apart_share_no_group_and_close_ones_do():
    found = rank_methods(make_values({"low": 0.0, "same": 5.0, "too": 5.1, "top": 9.0}))
    assert (found.methods[0], found.methods[-1]) == ("top", "low")
    assert [set(group) for group in found.groups] == [{"same", "too"}]


def test_groups_overlap_but_none_lies_within_another():
    values = pd.DataFrame([[5.0, 4.0, 3.0, 2.0, 1.0]] * 8, columns=list("abcde"))
    pairs = list_pairs(["ac", "ad", "ae", "be", "ce"])
    found = rank_methods(values, pairs)
    assert found.groups == (("a", "b"), ("b", "c", "d"), ("d", "e"))
    assert found.note == ""


def test_pairs_that_no_group_can_show_are_counted():
    values = pd.DataFrame([[3.0, 2.0, 1.0]] * 8, columns=list("abc"))
    found = rank_methods(values, list_pairs(["ab", "bc"]))
    assert found.groups == ()
    assert found.note == "pairs not told apart that share no group: 1"


def test_a_pair_whose_test_is_undefined_is_not_told_apart():
    values = pd.DataFrame([[2.0, 1.0]] * 8, columns=list("ab"))
    assert rank_methods(values, list_pairs(["ab"]).assign(p_holm=np.nan)).groups == (("a", "b"),)


def test_tracks_that_not_all_methods_scored_are_left_out_and_methods_without_any_too():
    values = make_values({"a": 0.0, "b": 1.0, "c": 2.0})
    expected = rank_methods(values.iloc[2:])
    values.iloc[0, 0], values.iloc[1, 1] = np.nan, np.inf
    found = rank_methods(values.assign(absent=np.nan))
    assert (found.mean_ranks, found.p) == (expected.mean_ranks, expected.p)
    assert found.tracks == 28
    assert found.note == "no value of absent; tracks left out for want of a score: 2"


def test_equal_methods_share_one_rank_and_one_group():
    values = pd.DataFrame({name: np.arange(9.0) for name in "abc"})
    found = rank_methods(values)
    assert found.mean_ranks == (2, 2, 2)
    assert (found.statistic, found.p, found.groups) == (0, 1, (("a", "b", "c"),))


def test_two_methods_are_ranked_without_friedman():
    found = rank_methods(make_values({"a": 0.0, "b": 3.0}))
    assert found.mean_ranks == (1, 2)
    assert np.isnan([found.statistic, found.p]).all()
    assert found.note == "fewer than 3 methods: no Friedman test"


@pytest.mark.parametrize("tracks", [1, 2, 3])
def test_few_tracks_tell_nothing_apart(tracks):
    found = rank_methods(make_values({"a": 0.0, "b": 9.0, "c": 19.0}, tracks))
    assert found.methods == ("c", "b", "a")
    assert found.groups == (("c", "b", "a"),)
    assert ("no Friedman test" in found.note) == (tracks == 1)


@pytest.mark.parametrize(
    "values",
    [pd.DataFrame(), pd.DataFrame({"a": [np.nan], "b": [np.nan]}), pd.DataFrame({"a": []})],
)
def test_nothing_to_rank_is_said(values):
    found = rank_methods(values)
    assert (found.methods, found.groups, found.tracks) == ((), (), 0)
    assert "no Friedman test" in found.note


def test_methods_without_a_common_track_have_no_ranks():
    found = rank_methods(pd.DataFrame({"a": [1.0, np.nan], "b": [np.nan, 1.0], "c": [1.0, 2.0]}))
    assert np.isnan(found.mean_ranks).all()
    assert found.tracks == 0
    assert "tracks left out for want of a score: 2" in found.note
