import numpy as np
import pytest
from scipy.stats import false_discovery_control

from iass.statistics.holm import adjust_holm


def test_a_table_worked_by_hand():
    # Sorted: 0.005 x 4 = 0.02, 0.01 x 3 = 0.03, 0.03 x 2 = 0.06, 0.04 x 1 -> not below 0.06.
    assert adjust_holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])


def test_an_undefined_test_stays_undefined_and_is_not_counted():
    found = adjust_holm([np.nan, 0.02, 0.01, np.nan])
    np.testing.assert_allclose(found, [np.nan, 0.02, 0.02, np.nan])


def test_the_correction_ends_at_one_and_keeps_ties():
    assert adjust_holm([0.6, 0.6, 0.9]).tolist() == [1, 1, 1]
    assert adjust_holm([0.01, 0.01]).tolist() == [0.02, 0.02]


def test_nothing_and_nothing_but_undefined_come_back_as_they_are():
    assert adjust_holm([]).tolist() == []
    assert np.isnan(adjust_holm([np.nan, np.nan])).all()


def test_one_test_needs_no_correction():
    assert adjust_holm([0.04]).tolist() == [0.04]


def test_the_correction_is_stricter_than_that_of_the_false_discovery_rate_and_keeps_order():
    p = np.random.default_rng(0).random(40) ** 3
    found = adjust_holm(p)
    assert (found >= false_discovery_control(p)).all()
    assert (np.diff(found[np.argsort(p)]) >= 0).all()
    assert found.min() == pytest.approx(40 * p.min())
