import numpy as np
import pytest

from iass.statistics.activity import compute_f1

REFERENCE = np.array([1, 1, 1, 0, 0, 0, 0, 1], bool)


def test_f1_by_hand() -> None:
    """Three hits, one false alarm, one miss: 6 / 8."""
    predicted = np.array([1, 1, 0, 0, 1, 0, 0, 1], bool)
    assert compute_f1(predicted, REFERENCE) == pytest.approx(6 / 8)


def test_always_on_reaches_twice_the_share_over_one_plus_the_share() -> None:
    assert compute_f1(np.ones(8, bool), REFERENCE) == pytest.approx(2 * 0.5 / 1.5)


def test_a_perfect_prediction_is_one_and_the_opposite_zero() -> None:
    assert compute_f1(REFERENCE, REFERENCE) == 1.0
    assert compute_f1(~REFERENCE, REFERENCE) == 0.0


def test_without_any_active_frame_there_is_no_f1() -> None:
    assert np.isnan(compute_f1(np.zeros(3, bool), np.zeros(3, bool)))
    assert np.isnan(compute_f1(np.zeros(0, bool), np.zeros(0, bool)))
