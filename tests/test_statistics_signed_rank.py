from itertools import product

import numpy as np
import pytest
from scipy.stats import rankdata, wilcoxon

from iass.statistics.signed_rank import compute_null, compute_p_greater, compute_p_two_sided


def test_the_null_of_three_ranks_is_that_counted_by_hand():
    # Subsets of {1, 2, 3} sum to 0, 1, 2, 3, 3, 4, 5, 6.
    assert (8 * compute_null((1, 2, 3))).tolist() == [1, 1, 1, 2, 1, 1, 1]


@pytest.mark.parametrize("tracks", [1, 2, 3, 7, 23, 50])
def test_p_equals_scipys_exact_test(tracks):
    generator = np.random.default_rng(tracks)
    for shift in (-1, 0, 0.3, 2):
        differences = generator.normal(shift, size=tracks)
        exact = wilcoxon(differences, method="exact")
        assert compute_p_two_sided(differences) == pytest.approx(exact.pvalue, abs=1e-12)
        greater = wilcoxon(differences, method="exact", alternative="greater")
        assert compute_p_greater(differences) == pytest.approx(greater.pvalue, abs=1e-12)


def test_p_with_ties_and_zeros_equals_a_count_over_all_signs():
    differences = np.array([0.5, -0.5, 0.5, 1.0, 1.0, -2.0, 0.0, 3.0, 0.0])
    ranks = rankdata(np.abs(differences[differences != 0]))
    sums = [(ranks * signs).sum() for signs in product((0, 1), repeat=len(ranks))]
    total = ranks[differences[differences != 0] > 0].sum()
    assert compute_p_greater(differences) == np.mean([found >= total for found in sums])


def test_many_tracks_agree_with_the_normal_approximation():
    differences = np.random.default_rng(0).normal(0.1, size=400)
    approximate = wilcoxon(differences, method="asymptotic").pvalue
    assert compute_p_two_sided(differences) == pytest.approx(approximate, rel=0.01)


def test_zeros_alone_are_no_evidence_and_nothing_is_undefined():
    assert compute_p_two_sided(np.zeros(20)) == 1.0
    assert np.isnan(compute_p_two_sided(np.array([])))


def test_p_does_not_depend_on_which_method_comes_first():
    differences = np.random.default_rng(1).normal(0.4, size=31)
    assert compute_p_two_sided(differences) == compute_p_two_sided(-differences)
