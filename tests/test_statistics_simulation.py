"""How often the corrected paired tests find what is there, and what is not.

Songs differ by an SD of 2.5 dB, each method scatters by 0.7 dB around the song's level.
"""

from itertools import product

import numpy as np
import pandas as pd

from iass.statistics.pairs import compare_all

TRACKS = 50
METHODS = ("better", "one", "two")


def simulate_runs(runs, difference_db, seed):
    """Return the pairs of `runs` experiments, of which `better` is better by `difference_db`."""
    generator = np.random.default_rng(seed)
    levels = generator.normal(5, 2.5, (runs, TRACKS, 1))
    values = levels + generator.normal(0, 0.7, (runs, TRACKS, len(METHODS)))
    values[:, :, 0] += difference_db
    rows = pd.DataFrame(
        product(range(runs), range(TRACKS), METHODS), columns=["experiment", "track", "method"]
    )
    return compare_all(
        rows.assign(dataset="d", target="vocals", metric="SDR", value=values.ravel()), METHODS
    )


def test_a_difference_of_0_4_decibels_is_found_in_more_than_half_of_200_runs():
    pairs = simulate_runs(200, 0.4, seed=0)
    is_found = (pairs["p_holm"] < 0.05) & (pairs["difference"] > 0)
    for other in ("one", "two"):
        wanted = (pairs["first"] == "better") & (pairs["second"] == other)
        assert is_found[wanted].sum() > 100


def test_without_a_difference_at_most_5_percent_of_runs_find_one():
    runs = 1000
    pairs = simulate_runs(runs, 0.0, seed=1)
    is_wrong = (pairs["p_holm"] < 0.05).groupby(pairs["experiment"]).any()
    sampling_error = np.sqrt(0.05 * 0.95 / runs)
    assert is_wrong.mean() < 0.05 + 2 * sampling_error
    assert is_wrong.mean() > 0.02  # a test that never finds anything would also pass
