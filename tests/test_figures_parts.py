"""The words that figures share, and the check that they can be read."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO
from figure_checks import find_cut, find_overlaps, read_texts
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from iass.reporting.figures.panels import colour_rows, join_limits, make_panels
from iass.reporting.figures.parts import (
    choose_limits,
    cut_text,
    draw_legend,
    find_marks,
    format_n,
    format_p,
    join_notes,
    label_method,
    write_footnote,
)
from iass.reporting.style import SYSTEM_COLOURS, colour_methods


def test_a_method_is_marked_once_for_each_thing_that_one_of_its_songs_has() -> None:
    tracks = pd.DataFrame(
        [
            ("iass", False, False), ("iass", True, False), ("iass", False, True),
            ("ibm", False, True), ("silence", False, False),
        ],
        columns=["method", "trained_on", "erratum"],
    )  # fmt: skip
    marks = find_marks(tracks)
    assert marks == {"iass": "†‡", "ibm": "‡", "silence": ""}
    assert label_method("iass", DEMO, marks) == "IASS†‡"
    assert label_method("ibm", DEMO, marks) == "IBM (oracle)‡"
    assert label_method("open_unmix", DEMO, marks) == "Open-Unmix"


@pytest.mark.parametrize(
    ("marks", "said", "unsaid"),
    [({"a": "", "b": "†"}, "†: was", "‡:"), ({"a": "‡"}, "‡: some", "†:"), (None, "dots.", "†")],
)
def test_a_footnote_names_the_music_and_explains_the_marks_that_are_there(
    marks, said, unsaid
) -> None:
    figure = Figure(figsize=(7.0, 2.0), layout="constrained")
    write_footnote(figure, replace(DEMO, errata="drop"), "Drawn: dots.", marks)
    text = " ".join(" ".join(read_texts(figure)).split())
    assert text.startswith(
        "Experiment demo. synthband: synthesised music. Tracks with known faults"
    )
    assert said in text
    assert unsaid not in text


def test_a_footnote_fits_into_the_figure_however_narrow() -> None:
    for width in (3.4, 7.0):
        figure = Figure(figsize=(width, 3.0), layout="constrained")
        write_footnote(
            figure, DEMO, "How many WAVs MUSDB18 has: see METRICS.md." + " Read it." * 40
        )
        figure.add_subplot()
        assert find_cut(figure) == []


@pytest.mark.parametrize("width", [3.4, 7.0])
@pytest.mark.parametrize("count", [1, 4, 9, 31])
def test_a_legend_fits_into_the_figure_and_makes_room_for_itself(width, count) -> None:
    figure = Figure(figsize=(width, 1.0), layout="constrained")
    draw_legend(figure, [Patch(label=f"method {i} (oracle)") for i in range(count)], "title")
    axes = figure.add_subplot()
    assert find_cut(figure) == []
    assert find_overlaps(figure) == []
    assert axes.get_position().height * figure.get_figheight() > 0.6


def test_n_is_one_number_or_a_range_of_those_that_are_not_zero() -> None:
    assert format_n([0, 0]) == "n = 0"
    assert format_n([0, 8, 8]) == "n = 8"
    assert format_n([3, 0, 8, 5]) == "n = 3 to 8"


def test_a_p_value_has_two_digits_or_is_a_bound() -> None:
    assert [format_p(p) for p in (0.0004, 0.001, 0.0456, 1.0)] == [
        "p < 0.001", "p = 0.001", "p = 0.046", "p = 1",
    ]  # fmt: skip


def test_notes_are_said_once_and_without_their_counts() -> None:
    notes = pd.Series(["left out: 2", "", "left out: 13; too few", "too few"])
    assert join_notes(notes) == " Notes: left out; too few."
    assert join_notes(pd.Series(["", ""])) == ""


def test_text_is_cut_to_a_length_that_includes_the_ellipsis() -> None:
    assert cut_text("12345", 5) == "12345"
    assert cut_text("123456", 5) == "1234…"


def test_an_axis_of_boxes_leaves_outliers_beyond_and_shows_zero() -> None:
    low, high = choose_limits([np.array([10.0, 11.0, 12.0, 13.0, 14.0, 90.0])])
    # quartiles 11.25 and 13.75, so whiskers reach 17.5 at most; 6 % of air around 0 to 17.5
    assert (low, high) == pytest.approx((-1.05, 18.55))


def test_an_axis_of_intervals_shows_all_that_is_finite() -> None:
    values = pd.DataFrame({"low": [np.nan, -2.0], "high": [4.0, np.inf]})
    assert join_limits(values, 0.0) == pytest.approx((-2.36, 4.36))
    assert join_limits(values[:0], 0.0, 100.0) == pytest.approx((-6.0, 106.0))


def test_few_panels_make_a_figure_of_one_column_and_many_wrap() -> None:
    rows = ["first", "second"]
    figure, panels = make_panels([["a", "b"]], rows)
    assert figure.get_figwidth() == 3.4
    figure, panels = make_panels([list("abcdefg"), ["h"]], rows)
    assert figure.get_figwidth() == 7.0
    assert [len(group) for group in panels] == [7, 1]
    starts = [axes.get_subplotspec().rowspan.start for group in panels for axes in group]
    assert starts == [0, 0, 0, 0, 1, 1, 1, 2]
    labels = [[label.get_text() for label in axes.get_yticklabels()] for axes in panels[0]]
    assert labels[0] == labels[4] == rows
    assert labels[1] == ["", ""]


def test_systems_share_a_colour_where_there_are_more_than_colours() -> None:
    assert colour_rows(DEMO) == colour_methods(DEMO)
    many = tuple(f"system {index}" for index in range(len(SYSTEM_COLOURS) + 1))
    context = replace(
        DEMO, methods=(*many, "ibm"), kinds={**dict.fromkeys(many, "command"), "ibm": "oracle"}
    )
    colours = colour_rows(context)
    assert {colours[method] for method in many} == {SYSTEM_COLOURS[0]}
    assert colours["ibm"] == colour_methods(context)["ibm"]


def test_the_check_finds_words_on_each_other_and_beyond_the_edge() -> None:
    figure = Figure(figsize=(3.0, 2.0))
    figure.text(0.5, 0.5, "one")
    figure.text(0.52, 0.5, "two")
    figure.text(0.98, 0.1, "edge")
    axes = figure.add_axes((0.4, 0.7, 0.1, 0.2))
    axes.set_xticks([0.0, 1.0], ["same place", "same place too"])
    assert set(find_overlaps(figure)) == {("one", "two"), ("same place", "same place too")}
    assert find_cut(figure) == ["edge"]
    axes.set_xlim(0.0, 0.5)
    assert find_overlaps(figure) == [("one", "two")]
