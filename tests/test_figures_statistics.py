"""Forest plot, critical-difference diagram and closed gap, with tables worked out by hand."""

from dataclasses import replace
from math import exp

import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO, make_table
from figure_checks import read_texts
from matplotlib.colors import to_hex

from iass.reporting.figures.scores import critical_difference, forest, gap_closed
from iass.reporting.figures.scores.forest import BAND, BETTER, WORSE
from iass.statistics.paired import compare_paired

PAIR = replace(DEMO, methods=("open_unmix", "iass"), targets=("vocals", "drums"))
TRIO = replace(DEMO, methods=("input_mixture", "iass", "ibm"), targets=("vocals", "drums"))


def score(values, method="iass", target="vocals", **changes):
    """Rows of one method and target: a value per song."""
    return [
        {"method": method, "target": target, "track": f"song {i:02}", "value": v} | changes
        for i, v in enumerate(values)
    ]


def tabulate(module, *rows, context=PAIR):
    return module.tabulate(make_table(*rows), context)


def draw(module, *rows, context=PAIR):
    return module.render(tabulate(module, *rows, context=context), context)


def read_dots(figure):
    """Place and fill of every dot with a label or not, axes by axes."""
    return [
        [
            (*line.get_xydata()[0].tolist(), line.get_markerfacecolor())
            for line in axes.lines
            if line.get_marker() == "o"
        ]
        for axes in figure.axes
    ]


# --- forest ------------------------------------------------------------------------------------

ZEROS = [0.0] * 6
STEPS = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]  # Hodges-Lehmann 3.5; p = 2 / 2^6 = 0.03125


def test_a_difference_is_that_of_hodges_and_lehmann_against_the_first_system() -> None:
    row = tabulate(forest, *score(STEPS), *score(ZEROS, "open_unmix")).iloc[0]
    assert row[["target", "method", "baseline", "tracks"]].tolist() == [
        "vocals", "iass", "open_unmix", 6,
    ]  # fmt: skip
    assert row["difference"] == 3.5
    assert row["p"] == row["p_holm"] == 0.03125
    assert row["is_significant"]
    assert (row["wins"], row["ties"], row["losses"]) == (6, 0, 0)


def test_tests_on_another_data_set_of_the_experiment_are_corrected_together() -> None:
    here = [*score(STEPS), *score(ZEROS, "open_unmix")]
    there = [row | {"dataset": "falcon69"} for row in here]
    data = tabulate(forest, *here, *there)
    assert len(data) == 1
    assert data["p_holm"].tolist() == [0.0625]
    assert not data["is_significant"].any()


def test_the_baseline_is_the_first_system_that_has_the_most_targets() -> None:
    rows = [*score(STEPS), *score(STEPS, target="drums"), *score(ZEROS, "open_unmix")]
    assert set(tabulate(forest, *rows)["baseline"]) == {"iass"}
    assert set(tabulate(forest, *rows, *score(ZEROS, "open_unmix", "drums"))["baseline"]) == {
        "open_unmix"
    }


@pytest.mark.parametrize(("sign", "colour"), [(1.0, BETTER), (-1.0, WORSE)])
def test_what_is_told_apart_is_filled_in_the_colour_of_its_side(sign, colour) -> None:
    figure = draw(forest, *score(sign * np.array(STEPS)), *score(ZEROS, "open_unmix"))
    assert read_dots(figure) == [[(sign * 3.5, 0.0, colour)]]
    few = draw(forest, *score(sign * np.array(STEPS[:5])), *score(ZEROS, "open_unmix"))
    assert read_dots(few) == [[(sign * 3.0, 0.0, "white")]]
    assert any("fewer than 6 tracks" in " ".join(text.split()) for text in read_texts(few))


def read_band(figure):
    """Left and right end of every grey bar of the first panel."""
    return [
        (bar.get_x(), bar.get_x() + bar.get_width())
        for bar in figure.axes[0].patches
        if to_hex(bar.get_facecolor()).upper() == BAND
    ]


def test_grey_is_what_the_corrected_tests_would_seldom_find() -> None:
    steps = np.random.default_rng(0).normal(3.5, 2.0, 18)
    rows = [*score(steps), *score(np.zeros(18), "open_unmix")]
    more = [row | {"target": "drums"} for row in rows]
    alone, both = (compare_paired(steps, np.zeros(18), tests).detectable for tests in (1, 2))
    assert both > alone
    assert read_band(draw(forest, *rows)) == [pytest.approx((-alone, alone))]
    figure = draw(forest, *rows, *more)
    assert read_band(figure) == [pytest.approx((-both, both))]
    text = " ".join(" ".join(read_texts(figure)).split())
    assert "at the strictest level of that correction" in text


def test_where_nothing_can_be_found_all_is_grey() -> None:
    figure = draw(forest, *score(STEPS[:5]), *score(ZEROS, "open_unmix"))
    ((left, right),) = read_band(figure)
    low, high = figure.axes[0].get_xlim()
    assert left <= low < high <= right


def test_a_target_without_a_pair_says_so() -> None:
    rows = [*score(STEPS), *score(STEPS, target="drums"), *score(ZEROS, "open_unmix")]
    texts = read_texts(draw(forest, *rows))
    assert "vocals\nn = 6" in texts
    assert "drums\nn = 0" in texts
    assert texts.count("no pair") == 1


def test_marks_of_the_baseline_and_of_the_others_are_not_lost() -> None:
    heard = score(ZEROS, "open_unmix", flags="trained_on")
    texts = read_texts(draw(forest, *score(STEPS, flags="erratum:bass"), *heard))
    assert "better than Open-Unmix†" in texts
    assert "IASS‡" in texts
    assert " ".join(" ".join(texts).split()).count("†: was trained on") == 1


@pytest.mark.parametrize(
    "context", [replace(PAIR, methods=("iass",)), replace(TRIO, methods=("input_mixture", "ibm"))]
)
def test_without_two_methods_or_a_system_there_is_nothing_to_compare(context) -> None:
    rows = [row for method in context.methods for row in score(STEPS, method)]
    texts = read_texts(draw(forest, *rows, context=context))
    assert texts == ["demo on synthband: no two methods to compare"]


# --- critical difference -----------------------------------------------------------------------


def ordered(songs: int, target: str = "vocals"):
    """IBM best, then IASS, then the mixture, on every song."""
    levels = {"ibm": 9.0, "iass": 5.0, "input_mixture": 1.0}
    return [
        row for method, level in levels.items() for row in score([level] * songs, method, target)
    ]


def test_mean_ranks_and_friedmans_test_of_an_order_without_exception() -> None:
    data = tabulate(critical_difference, *ordered(6), context=TRIO)
    assert data["method"].tolist() == ["ibm", "iass", "input_mixture"]
    assert data["mean_rank"].tolist() == [1.0, 2.0, 3.0]
    assert data["statistic"].tolist() == pytest.approx([12.0] * 3)  # n (k - 1) = 6 * 2
    assert data["p"].tolist() == pytest.approx([exp(-6.0)] * 3)  # chi-squared of 2 degrees
    assert set(data["tracks"]) == {6}


def test_a_group_holds_what_no_corrected_test_tells_apart() -> None:
    # Every pair has p = 2 / 2^n; Holm's correction of three equal p is thrice that.
    alike = tabulate(critical_difference, *ordered(6), context=TRIO)
    assert alike["groups"].tolist() == ["1", "1", "1"]
    apart = tabulate(critical_difference, *ordered(7), context=TRIO)
    assert apart["groups"].tolist() == ["", "", ""]


def test_groups_of_all_targets_are_corrected_together_as_in_the_forest() -> None:
    both = tabulate(critical_difference, *ordered(7), *ordered(7, "drums"), context=TRIO)
    assert set(both["groups"]) == {"1"}  # six times 2 / 2^7


def test_a_song_that_one_method_lacks_ranks_none() -> None:
    rows = [*ordered(6), *score([np.nan] * 6 + [70.0], "iass")[6:]]
    data = tabulate(critical_difference, *rows, context=TRIO)
    assert set(data["tracks"]) == {6}
    assert data["note"].str.contains("tracks left out for want of a score: 1").all()


def test_the_diagram_has_a_bar_per_group_and_a_line_per_method() -> None:
    figure = draw(critical_difference, *ordered(6), *ordered(8, "drums"), context=TRIO)
    bars = [[line for line in axes.lines if line.get_linewidth() > 2] for axes in figure.axes]
    # tests of both targets are corrected together: six with p of 2 / 2^6 or 2 / 2^8
    assert [len(lines) for lines in bars] == [1, 0]
    assert bars[0][0].get_xdata().tolist() == pytest.approx([0.95, 3.05])
    texts = read_texts(figure)
    assert "vocals: 3 methods, n = 6, Friedman's χ² = 12.0, p = 0.0025" in texts
    assert "IBM  1.0 " in texts
    assert " 3.0  input mixture" in texts


def test_bars_that_meet_lie_below_each_other() -> None:
    rows = pd.DataFrame({"mean_rank": [1.0, 2.0, 3.0, 4.0], "groups": ["1", "1 2", "2", ""]})
    assert critical_difference._stack_bars(rows) == [[(1.0, 2.0)], [(2.0, 3.0)]]
    rows["groups"] = ["1", "1", "2", "2"]
    assert critical_difference._stack_bars(rows) == [[(1.0, 2.0), (3.0, 4.0)]]


def test_methods_without_a_common_song_are_not_ranked() -> None:
    rows = [*score([1.0], "iass"), *score([np.nan, 1.0], "ibm")]
    texts = read_texts(draw(critical_difference, *rows, context=TRIO))
    assert texts == ["demo on synthband: no track that all methods share"]


def test_two_methods_have_ranks_and_no_friedman_test() -> None:
    texts = read_texts(
        draw(critical_difference, *score([1.0, 2.0]), *score([0.0, 3.0], "ibm"), context=TRIO)
    )
    assert "vocals: 2 methods, n = 2" in texts
    assert any("fewer than 3 methods: no Friedman test" in " ".join(t.split()) for t in texts)


# --- closed gap --------------------------------------------------------------------------------


def test_the_share_is_that_of_the_way_from_the_first_bound_to_the_first_oracle() -> None:
    rows = [
        *score([0.0, -10.0, 0.0, 0.0], "input_mixture"),
        *score([10.0, 10.0, 0.5, 10.0], "ibm"),  # the third song has no gap to close
        *score([5.0, 6.0, 9.0, np.nan], "iass"),
    ]
    row = tabulate(gap_closed, *rows, context=TRIO).iloc[0]
    assert row[["method", "bound", "oracle"]].tolist() == ["iass", "input_mixture", "ibm"]
    assert row["share_percent"] == 65.0  # of 50 and 80 %
    assert (row["tracks"], row["tracks_left_out"]) == (2, 2)
    assert np.isnan(row["low"])
    assert "fewer than 6 tracks" in row["note"]


def test_enough_songs_give_an_interval_around_the_median() -> None:
    rows = [
        *score(np.zeros(20), "input_mixture"),
        *score(np.full(20, 10.0), "ibm"),
        *score(np.linspace(2.0, 6.0, 20), "iass"),
    ]
    row = tabulate(gap_closed, *rows, context=TRIO).iloc[0]
    assert row["share_percent"] == pytest.approx(40.0)
    assert 25.0 < row["low"] < 40.0 < row["high"] < 55.0
    figure = draw(gap_closed, *rows, context=TRIO)
    assert read_dots(figure)[0][0][:2] == pytest.approx((40.0, 0.0))
    text = " ".join(" ".join(read_texts(figure)).split())
    assert "from input mixture (0 %) to IBM (100 %)" in text


@pytest.mark.parametrize("missing", ["input_mixture", "ibm"])
def test_without_a_bound_or_an_oracle_there_is_no_gap(missing) -> None:
    methods = tuple(method for method in TRIO.methods if method != missing)
    context = replace(TRIO, methods=methods)
    rows = [row for method in methods for row in score([1.0, 2.0], method)]
    assert "no track with an input" in read_texts(draw(gap_closed, *rows, context=context))[0]


def test_an_oracle_that_was_not_run_leaves_every_share_undefined() -> None:
    rows = [*score([0.0], "input_mixture"), *score([5.0], "iass")]
    row = tabulate(gap_closed, *rows, context=TRIO).iloc[0]
    assert np.isnan(row["share_percent"])
    assert row["tracks"] == 0
