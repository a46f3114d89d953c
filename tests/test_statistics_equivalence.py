import numpy as np
import pytest
from scipy.stats import wilcoxon

from iass.statistics import equivalence


def test_p_is_the_larger_of_two_one_sided_tests_of_scipy():
    differences = np.random.default_rng(0).normal(0.1, 0.7, size=40)
    above = wilcoxon(differences + 0.5, alternative="greater", method="exact").pvalue
    below = wilcoxon(differences - 0.5, alternative="less", method="exact").pvalue
    found = equivalence.test_equivalence(differences, np.zeros(40), 0.5)
    assert found == pytest.approx(max(above, below), abs=1e-12)


def test_close_methods_are_equal_and_methods_apart_are_not():
    first = np.random.default_rng(0).normal(5, 2.5, size=50)
    noise = np.random.default_rng(1).normal(0, 0.5, size=50)
    assert equivalence.test_equivalence(first, first + noise, 0.5) < 0.05
    assert equivalence.test_equivalence(first, first + noise + 1, 0.5) > 0.5
    assert equivalence.test_equivalence(first, first + noise - 1, 0.5) > 0.5


def test_a_difference_at_the_margin_is_called_equal_in_at_most_5_percent_of_cases():
    generator = np.random.default_rng(0)
    cases = generator.normal(0.5, 0.7, size=(2000, 30))
    p = [equivalence.test_equivalence(case, np.zeros(30), 0.5) for case in cases]
    assert np.mean(np.array(p) < 0.05) < 0.065


def test_scatter_alone_is_no_equality():
    scores = np.random.default_rng(0).normal(0, 5, size=12)
    assert equivalence.test_equivalence(scores, np.zeros(12), 0.5) > 0.05


def test_few_tracks_never_suffice_and_none_leave_it_undefined():
    assert equivalence.test_equivalence([1.0] * 4, [1.0] * 4, 0.5) == 1 / 16
    assert np.isnan(equivalence.test_equivalence([np.nan], [1.0], 0.5))
    assert np.isnan(equivalence.test_equivalence([], [], 0.5))


@pytest.mark.parametrize("margin_db", [0.0, -0.5, np.nan])
def test_a_margin_that_is_none_is_refused(margin_db):
    with pytest.raises(ValueError, match="margin"):
        equivalence.test_equivalence([1.0], [1.0], margin_db)
