import numpy as np
import pytest
from fake_results import make_table

from iass.statistics.summary import compute_track_medians
from iass.statistics.variance import ONE_SEED, ONE_TRACK, PARTS, split_table, split_variance


def make_medians(values, seeds=None, **changes):
    """`values`: one row per track, one column per seed."""
    rows = [
        {"track": f"song {track}", "seed": seed, "value": value, **changes}
        for track, row in enumerate(values)
        for seed, value in zip(seeds or range(len(row)), row, strict=True)
    ]
    return compute_track_medians(make_table(*rows))


def test_a_table_worked_by_hand():
    # Means of tracks 2, 5, 11, of seeds 5, 7, of all 6. Sums of squares: tracks 2 x (16 + 1 + 25)
    # = 84, seeds 3 x (1 + 1) = 6, rest 0. Mean squares 42, 6, 0; tracks 42 / 2, seeds 6 / 3.
    assert split_table(np.array([[1.0, 3], [4, 6], [10, 12]])) == pytest.approx([21, 2, 0])


def test_a_table_with_a_rest_worked_by_hand():
    # Means of tracks 1, 5, of seeds 2, 4, of all 3; squares: tracks 16, seeds 4, rest 4.
    found = split_table(np.array([[1.0, 1], [3, 7]]))
    assert found == pytest.approx([(16 - 4) / 2, (4 - 4) / 2, 4])


def test_known_components_are_found_again():
    generator = np.random.default_rng(0)
    shape = (400, 300)
    values = generator.normal(0, 2.5, (400, 1)) + generator.normal(0, 0.5, 300)
    found = split_table(values + generator.normal(0, 0.7, shape))
    assert np.sqrt(found) == pytest.approx([2.5, 0.5, 0.7], rel=0.15)


def test_the_split_of_a_score_table_has_a_row_per_group():
    (row,) = split_variance(make_medians([[1.0, 3], [4, 6], [10, 12]])).to_dict("records")
    assert [row[part] for part in PARTS] == pytest.approx([21, 2, 0])
    assert (row["method"], row["tracks"], row["seeds"], row["note"]) == ("iass", 3, 2, "")


def test_tracks_that_not_every_seed_scored_are_left_out():
    values = [[1.0, 3], [4, 6], [np.nan, 99], [10, 12], [5, np.inf]]
    (row,) = split_variance(make_medians(values)).to_dict("records")
    assert [row[part] for part in PARTS] == pytest.approx([21, 2, 0])
    assert row["tracks"] == 3


def test_an_estimate_below_zero_is_set_to_zero_and_said():
    # Means of tracks and seeds all equal: nothing is left for either, all is rest.
    (row,) = split_variance(make_medians([[0.0, 2], [2, 0]])).to_dict("records")
    assert [row[part] for part in PARTS] == [0, 0, 4]
    assert row["note"] == "var_tracks, var_seeds estimated below 0, set to 0"


@pytest.mark.parametrize(
    ("values", "seeds", "note", "tracks"),
    [
        ([[1.0], [2.0]], [0], ONE_SEED, 2),
        ([[1.0], [2.0]], [None], ONE_SEED, 0),
        ([[1.0, 2.0]], None, ONE_TRACK, 1),
        ([[np.nan, 2.0], [1.0, np.nan]], None, ONE_TRACK, 0),
    ],
)
def test_what_cannot_be_split_is_undefined_and_said(values, seeds, note, tracks):
    (row,) = split_variance(make_medians(values, seeds)).to_dict("records")
    assert np.isnan([row[part] for part in PARTS]).all()
    assert (row["note"], row["tracks"]) == (note, tracks)


def test_equal_values_have_no_variance():
    (row,) = split_variance(make_medians([[1.0, 1], [1, 1]])).to_dict("records")
    assert [row[part] for part in PARTS] == [0, 0, 0]


def test_no_rows_give_an_empty_table():
    empty = split_variance(make_medians([[1.0]]).iloc[:0])
    assert set(PARTS) < set(empty.columns)
    assert len(empty) == 0
