"""Mann and Whitney's test against scipy, the shift and its interval against worked numbers."""

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from iass.statistics.unpaired import compare_unpaired


def test_the_shift_is_the_median_of_all_differences() -> None:
    found = compare_unpaired([4.0, 6.0], [1.0, 2.0, 7.0])  # differences: 3 2 -3 5 4 -1
    assert found.estimate == 2.5
    assert np.isnan([found.low, found.high]).all()  # two against three show nothing
    assert found.p == mannwhitneyu([4.0, 6.0], [1.0, 2.0, 7.0]).pvalue


def test_the_interval_cuts_off_as_many_differences_as_the_textbook_says() -> None:
    """m = 5, n = 10: 25 - 1.96 sqrt(50 * 16 / 12) = 8.997, so the 8th from either end."""
    first, second = np.arange(5) * 1.7 + 3, np.arange(10) * 0.9
    differences = sorted(a - b for a in first for b in second)
    found = compare_unpaired(first, second)
    assert (found.low, found.high) == (differences[7], differences[-8])


def test_the_interval_holds_the_true_shift_in_about_95_of_100_cases() -> None:
    rng = np.random.default_rng(0)
    drawn = [compare_unpaired(rng.normal(1, 2, 12), rng.normal(0, 2, 15)) for _ in range(400)]
    held = np.mean([found.low <= 1 <= found.high for found in drawn])
    assert held == pytest.approx(0.95, abs=0.03)


def test_values_that_are_not_finite_are_left_out_and_none_is_nan() -> None:
    clean = compare_unpaired([1.0, 2.0], [0.0])
    assert compare_unpaired([1.0, np.nan, 2.0, np.inf], [0.0]) == pytest.approx(clean, nan_ok=True)
    assert np.isnan(compare_unpaired([np.nan], [1.0]).p)


def test_equal_values_are_no_difference() -> None:
    found = compare_unpaired([2.0] * 9, [2.0] * 8)
    assert (found.estimate, found.low, found.high, found.p) == (0.0, 0.0, 0.0, 1.0)
