"""Rank correlations: against all permutations counted here, and known answers."""

from itertools import permutations

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from iass.statistics.trend import correlate_groups, correlate_points


def _count(x: list[float], y: list[float]) -> tuple[float, float]:
    """Return both p by going through all orders."""
    ranks, others = rankdata(x), rankdata(y)
    own = ranks @ others
    sums = np.array([np.array(order) @ others for order in permutations(ranks)])
    return float((sums >= own - 1e-9).mean()), float((sums <= own + 1e-9).mean())


@pytest.mark.parametrize(
    ("x", "y"),
    [
        ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 3.0, 2.0, 5.0, 4.0, 6.0]),
        ([1.0, 2.0, 2.0, 2.0, 5.0], [5.0, 5.0, 3.0, 2.0, 1.0]),
        ([3.0, 1.0, 2.0], [1.0, 2.0, 3.0]),
    ],
)
def test_points_are_correlated_exactly(x: list[float], y: list[float]) -> None:
    found = correlate_points(x, y)
    assert found.correlation == pytest.approx(spearmanr(x, y).statistic)
    assert (found.p_rising, found.p_falling) == pytest.approx(_count(x, y))
    assert found.n == len(x)


def test_the_smallest_p_of_six_points_is_one_in_720() -> None:
    assert correlate_points(range(6), range(6)).p_rising == pytest.approx(1 / 720)


def test_many_points_take_drawn_permutations() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=30)
    y = x + 0.1 * rng.normal(size=30)
    found = correlate_points(x, y)
    assert found.p_rising == pytest.approx(1e-4)  # none of 9999 reaches it
    assert found.p_falling == pytest.approx(1)


@pytest.mark.parametrize(("x", "y"), [([], []), ([1.0], [2.0]), ([1.0, 1.0], [1.0, 2.0])])
def test_what_does_not_vary_has_no_correlation(x: list[float], y: list[float]) -> None:
    found = correlate_points(x, y)
    assert np.isnan([found.correlation, found.p_rising, found.p_falling]).all()
    assert found.note == correlate_groups(x, y, list(range(len(x)))).note != ""


def test_points_that_are_not_finite_are_left_out() -> None:
    found = correlate_points([1.0, np.nan, 2.0, 3.0], [1.0, 9.0, 2.0, np.inf])
    assert (found.n, found.correlation) == (2, pytest.approx(1))


def test_groups_that_fall_together_are_found() -> None:
    rng = np.random.default_rng(2)
    groups = np.repeat(np.arange(20), 3)
    x = rng.uniform(size=60)
    found = correlate_groups(x, -x + 0.2 * rng.normal(size=60), groups)
    assert found.n == 20
    assert found.p_falling == pytest.approx(1 / 2000)
    assert found.p_rising == 1
    assert found.low < found.correlation < found.high < 0


def test_copies_of_a_point_within_a_group_are_no_new_evidence() -> None:
    """Eight tracks by chance in order: ten times the same targets must not make it certain."""
    rng = np.random.default_rng(5)
    x, y = rng.normal(size=8), rng.normal(size=8)
    one = correlate_groups(x, y, np.arange(8))
    ten = correlate_groups(np.repeat(x, 10), np.repeat(y, 10), np.repeat(np.arange(8), 10))
    assert ten.n == one.n == 8
    assert ten.p_rising == pytest.approx(one.p_rising, abs=0.02)


@pytest.mark.slow
def test_without_a_trend_five_percent_are_found_at_most_a_little_more_often() -> None:
    rng = np.random.default_rng(6)
    groups = np.repeat(np.arange(30), 4)
    drawn = [
        correlate_groups(rng.normal(size=120), np.repeat(rng.normal(size=30), 4), groups)
        for _ in range(100)
    ]
    assert np.mean([found.p_falling <= 0.05 for found in drawn]) <= 0.11


def test_too_few_groups_have_a_correlation_and_no_p() -> None:
    found = correlate_groups([1.0, 2.0, 3.0], [3.0, 2.0, 1.0], [0, 1, 2])
    assert (found.n, found.correlation) == (3, pytest.approx(-1))
    assert np.isnan([found.low, found.p_falling]).all()
    assert "fewer than 6" in found.note
