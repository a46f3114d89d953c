import numpy as np
import pytest
from scipy.stats import bootstrap

from iass.statistics.intervals import RESAMPLES, ROUGH, TIED, TOO_FEW, median_interval


def test_the_interval_is_scipys_bca_of_the_median():
    values = np.random.default_rng(0).normal(5, 2.5, size=50)
    options = {"n_resamples": RESAMPLES, "method": "BCa", "confidence_level": 0.9}
    expected = bootstrap((values,), np.median, rng=np.random.default_rng(3), **options)
    found = median_interval(values, seed=3, confidence=0.9)
    assert (found.low, found.high) == tuple(expected.confidence_interval)
    assert found.note == ""


def test_one_seed_gives_one_interval_and_other_seeds_others():
    values = np.random.default_rng(0).normal(5, 2.5, size=50)
    assert median_interval(values, seed=1) == median_interval(values, seed=1)
    assert len({median_interval(values, seed) for seed in range(8)}) > 1


def test_the_interval_lies_around_the_median_and_grows_with_confidence():
    values = np.random.default_rng(0).normal(5, 2.5, size=50)
    narrow, wide = median_interval(values, confidence=0.5), median_interval(values)
    assert wide.low < narrow.low < np.median(values) < narrow.high < wide.high


def test_values_that_are_not_finite_are_left_out():
    values = np.random.default_rng(0).normal(5, 2.5, size=30)
    spoilt = [np.nan, *values, np.inf, -np.inf]
    assert median_interval(spoilt) == median_interval(values)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, 2.0], [1.0, 2.0, 3.0, 4.0, np.nan, 5.0]])
def test_few_tracks_have_no_interval_and_it_is_said(values):
    found = median_interval(values)
    assert np.isnan([found.low, found.high]).all()
    assert found.note == TOO_FEW


def test_an_interval_over_few_tracks_says_that_it_covers_less():
    values = np.random.default_rng(0).normal(size=20)
    assert median_interval(values[:19]).note == ROUGH
    assert median_interval(values).note == ""


def test_equal_values_have_an_interval_without_width():
    found = median_interval([0.0] * 8)
    assert (found.low, found.high, found.note) == (0.0, 0.0, "the same value on every track")


def test_where_bca_is_undefined_for_ties_the_interval_is_the_percentiles():
    found = median_interval([1.0] * 19 + [2.0] * 2)
    assert (found.low, found.high, found.note) == (1.0, 1.0, TIED)
    assert median_interval([1.0] * 9 + [2.0] * 2).note == f"{TIED}; {ROUGH}"
