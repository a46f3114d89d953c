from dataclasses import astuple

import numpy as np
import pytest
from scipy.stats import wilcoxon

from iass.statistics.paired import NO_DIFFERENCE, NO_STAR, NO_TRACKS, TOO_FEW, compare_paired

# Hollander and Wolfe, Nonparametric Statistical Methods, table 3.1: depression scale factors of
# nine patients before and after tranquiliser; estimate and interval are examples 3.2 and 3.3, the
# one-sided p of the book is 0.020.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]


def test_the_textbooks_example_has_the_textbooks_numbers():
    found = compare_paired(BEFORE, AFTER)
    assert found.difference == pytest.approx(0.46)
    assert (found.low, found.high) == pytest.approx((0.010, 0.786))
    assert found.p == pytest.approx(2 * 0.01953125)
    assert (found.wins, found.ties, found.losses) == (6, 2, 1)
    assert (found.tracks, found.note) == (9, "")


def test_the_interval_holds_exactly_the_shifts_that_scipys_exact_test_keeps():
    first = np.random.default_rng(0).normal(5, 2.5, size=17)
    second = first - np.random.default_rng(1).normal(0.4, 0.7, size=17)
    found = compare_paired(first, second)
    for bound, outwards in ((found.low, -1e-6), (found.high, 1e-6)):
        at = wilcoxon(first - second - bound + outwards, method="exact").pvalue
        beyond = wilcoxon(first - second - bound - outwards, method="exact").pvalue
        assert min(at, beyond) <= 0.05 < max(at, beyond)


def test_the_difference_is_the_median_of_all_averages_of_two():
    # Differences 0, 1, 5 and their averages in pairs: 0, 0.5, 1, 2.5, 3, 5.
    assert compare_paired([0.0, 1.0, 5.0], [0.0, 0.0, 0.0]).difference == 1.75


def test_a_swap_of_the_methods_turns_every_sign():
    found, turned = compare_paired(BEFORE, AFTER), compare_paired(AFTER, BEFORE)
    assert turned.difference == -found.difference
    assert (turned.low, turned.high) == (-found.high, -found.low)
    assert (turned.wins, turned.ties, turned.losses) == (found.losses, found.ties, found.wins)
    assert (turned.p, turned.detectable) == (found.p, found.detectable)


def test_a_difference_below_a_tenth_of_a_decibel_is_a_tie():
    found = compare_paired([0.1, 0.0999, -0.0999, -0.1, 0.0, 7.0], np.zeros(6))
    assert (found.wins, found.ties, found.losses) == (2, 3, 1)


def test_the_rounding_of_a_subtraction_breaks_no_tie():
    found = compare_paired([0.3, 1.1, 0.9, 2.3, 1.9, 1.8], [0.1, 0.9, 1.1, 2.1, 2.1, 2.0])
    assert found.p == 1  # three gains and three losses, all of 0.2 dB
    assert found.note == ""


def test_tracks_without_two_finite_scores_are_left_out_and_counted():
    first, second = [1.0, np.nan, 2.0, np.inf, *BEFORE], [np.nan, 1.0, -np.inf, 2.0, *AFTER]
    found = compare_paired(first, second)
    assert found.note == "tracks left out for want of a score: 4"
    assert astuple(found)[:-1] == astuple(compare_paired(BEFORE, AFTER))[:-1]


@pytest.mark.parametrize("scores", [[], [np.nan], [np.inf, np.nan]])
def test_no_track_in_common_leaves_everything_undefined(scores):
    found = compare_paired(scores, scores)
    undefined = [found.difference, found.low, found.high, found.p, found.detectable]
    assert np.isnan(undefined).all()
    assert (found.tracks, found.wins, found.ties, found.losses) == (0, 0, 0, 0)
    assert found.note == NO_TRACKS


@pytest.mark.parametrize("tracks", [1, 2, 3, 5])
def test_few_tracks_have_a_difference_but_no_interval_and_no_star(tracks):
    found = compare_paired([9.0] * tracks, [0.0] * tracks)
    assert (found.difference, found.wins) == (9.0, tracks)
    assert np.isnan([found.low, found.high, found.detectable]).all()
    assert found.p == 2 * 0.5**tracks
    assert found.p > 0.05
    assert found.note == f"{TOO_FEW}; {NO_STAR}"


def test_six_tracks_are_enough_for_an_interval():
    found = compare_paired([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [0.0] * 6)
    assert (found.low, found.high, found.p) == (1.0, 6.0, 2 / 64)


def test_equal_methods_are_not_told_apart():
    found = compare_paired(BEFORE, BEFORE)
    assert (found.difference, found.low, found.high, found.p) == (0, 0, 0, 1)
    assert (found.ties, found.detectable, found.note) == (9, 0, NO_DIFFERENCE)
    assert compare_paired([1.0], [1.0]).note == f"{NO_DIFFERENCE}; {TOO_FEW}; {NO_STAR}"


def test_scores_of_different_numbers_of_tracks_are_refused():
    with pytest.raises(ValueError, match="inhomogeneous"):
        compare_paired([1.0, 2.0], [1.0])


@pytest.mark.parametrize(
    ("tracks", "heavy_tails", "tests"),
    [(8, False, 1), (50, False, 1), (50, True, 1), (8, False, 6), (12, False, 100), (50, True, 99)],
)
def test_the_detectable_difference_is_found_in_about_80_percent_of_cases(
    tracks, heavy_tails, tests
):
    generator = np.random.default_rng(0)

    def draw(count):
        size = (count, tracks)
        return generator.standard_t(2, size) if heavy_tails else generator.normal(0, 0.7, size)

    none = np.zeros(tracks)
    detectable = np.median([compare_paired(row, none, tests).detectable for row in draw(1000)])
    found = [compare_paired(row + detectable, none).p <= 0.05 / tests for row in draw(1000)]
    assert np.mean(found) == pytest.approx(0.8, abs=0.05)  # heavy tails: 0.74 to 0.79


def test_nothing_can_be_found_where_no_p_survives_the_number_of_tests():
    # The smallest p of 8 tracks is 2 / 2^8 = 0.0078: enough for 6 tests, 0.047, not for 7.
    differences = np.arange(8.0)
    assert np.isfinite(compare_paired(differences, np.zeros(8), tests=6).detectable)
    hopeless = compare_paired(differences, np.zeros(8), tests=7)
    assert np.isnan(hopeless.detectable)
    alone = compare_paired(differences, np.zeros(8))
    assert (hopeless.low, hopeless.high, hopeless.p) == (alone.low, alone.high, alone.p)
