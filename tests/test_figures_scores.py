"""Box plots, heat map, silence and dialects, with tables worked out by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO, make_row, make_scores, make_table
from figure_checks import read_texts
from matplotlib.collections import QuadMesh

from iass.reporting.figures.scores import dialects, heat_map, metrics, silence

DUO = replace(DEMO, methods=("input_mixture", "iass"), targets=("vocals", "drums"))


def score(values, method="iass", target="vocals", **changes):
    """Rows of one method and target: a value per song."""
    return [
        {"method": method, "target": target, "track": f"song {i:02}", "value": v} | changes
        for i, v in enumerate(values)
    ]


def draw(module, *rows, context=DUO):
    return module.render(module.tabulate(make_table(*rows), context), context)


# --- metrics -----------------------------------------------------------------------------------


def test_metrics_are_medians_over_frames_of_each_metric_under_musevals_rule() -> None:
    frames = [("SDR", 1.0), ("SDR", 3.0), ("SDR", np.inf), ("SIR", 8.0), ("uSDR", 5.0)]
    rows = [make_row(metric=m, value=v, frame_s=float(i)) for i, (m, v) in enumerate(frames)]
    data = metrics.tabulate(make_table(*rows, make_row(mask="target", value=70.0)), DUO)
    assert data[["metric", "value_db", "frames_used"]].to_numpy().tolist() == [
        ["SDR", 2.0, 2],
        ["SIR", 8.0, 1],
    ]


def test_a_box_of_a_metric_spans_the_quartiles_on_the_row_of_its_method() -> None:
    figure = draw(metrics, *score([1.0, 2.0, 4.0, 8.0]))
    box = figure.axes[0].patches[-1].get_path().get_extents()
    assert (box.x0, box.x1) == pytest.approx((1.75, 5.0))
    assert (box.y0 + box.y1) / 2 == pytest.approx(1.0)
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == [
        "input mixture (bound)",
        "IASS",
    ]


def test_metrics_that_nothing_has_take_no_room_and_absent_cells_say_why() -> None:
    rows = [*score([1.0, 2.0]), *score([np.nan], "input_mixture"), *score([3.0], target="drums")]
    texts = read_texts(draw(metrics, *rows))
    assert "vocals: SDR\nn = 2" in texts
    assert "drums: SDR\nn = 1" in texts
    assert not any("SIR\n" in text for text in texts)
    assert texts.count("not scored") == 1
    assert texts.count("not run") == 1


def test_songs_beyond_the_axis_are_counted_and_noise_makes_no_axis() -> None:
    rows = [*score([*np.linspace(1.0, 4.0, 10), -90.0]), *score([220.0, 230.0], "input_mixture")]
    figure = draw(metrics, *rows)
    assert figure.axes[0].get_xlim()[0] > -20
    assert figure.axes[0].get_xlim()[1] < 20
    assert {"◂1", "2▸"} <= set(read_texts(figure))


def test_the_four_metrics_stand_side_by_side_and_a_line_is_one_target() -> None:
    scores = make_scores(tracks=2, frames=2)
    figure = metrics.render(metrics.tabulate(scores, DEMO), DEMO)
    places = [axes.get_subplotspec().colspan.start for axes in figure.axes]
    assert places == [0, 1, 2, 3] * len(DEMO.targets)


# --- heat map ----------------------------------------------------------------------------------


def test_rows_of_the_heat_map_go_from_best_to_worst_and_songs_from_hard_to_easy() -> None:
    rows = [*score([9.0, 1.0, 5.0]), *score([3.0, 0.0, 1.0], "input_mixture")]
    figure = draw(heat_map, *rows)
    axes = figure.axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == [
        "IASS",
        "input mixture (bound)",
    ]
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "song 01",
        "song 02",
        "song 00",
    ]
    mesh = next(part for part in axes.collections if isinstance(part, QuadMesh))
    assert mesh.get_array().tolist() == [[1.0, 5.0, 9.0], [0.0, 1.0, 3.0]]
    texts = read_texts(figure)
    assert " 5.00 (3)" in texts  # the median of IASS and its n
    assert " 1.00 (3)" in texts
    assert texts.count("9.0") == 1  # few songs: the values stand in their cells


def test_the_heat_map_leaves_a_hole_where_nothing_was_scored_and_names_what_was_not_run() -> None:
    rows = [
        *score([2.0, np.nan]),
        *score([0.0, 1.0], "input_mixture"),
        *score([1.0], target="drums"),
    ]
    figure = draw(heat_map, *rows)
    mesh = figure.axes[0].collections[0]
    assert mesh.get_array().mask.tolist() == [[False, True], [False, False]]
    texts = read_texts(figure)
    assert " 2.00 (1)" in texts
    assert "drums (not run: input mixture)" in texts


def test_white_is_zero_so_blue_beats_silence() -> None:
    figure = draw(heat_map, *score([4.0, -2.0]))
    norm = figure.axes[0].collections[0].norm
    assert norm.vmin == -norm.vmax
    assert norm(0.0) == 0.5


def test_many_songs_have_neither_names_nor_numbers() -> None:
    axes = draw(heat_map, *score(np.linspace(0.0, 5.0, 90))).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == []
    assert len(axes.texts) == 1  # the median


# --- silence -----------------------------------------------------------------------------------

SILENT = {"metric": "leakage", "mask": "none", "frame_s": np.nan}


def cover(values, mask, method="iass"):
    return score(values, method, metric="coverage", mask=mask, frame_s=np.nan)


def test_coverage_is_a_median_over_songs_in_percent_for_both_rules() -> None:
    rows = [*cover([0.5, 0.75, 1.0], "museval"), *cover([1.0, 1.0, 0.9], "target")]
    data = silence.tabulate(make_table(*rows), DUO)
    assert data[["measure", "mask", "median", "q25", "q75", "tracks"]].to_numpy().tolist() == [
        ["coverage", "museval", 75.0, 62.5, 87.5, 3],
        ["coverage", "target", 100.0, 95.0, 100.0, 3],
    ]


def test_no_leakage_at_all_counts_as_the_floor_and_a_silent_mixture_as_nothing() -> None:
    values = [-np.inf, -np.inf, -30.0, -150.0, np.inf, np.nan]
    data = silence.tabulate(make_table(*score(values, **SILENT)), DUO)
    assert data[["measure", "median", "tracks"]].to_numpy().tolist() == [["leakage", -100.0, 4]]
    assert data["q75"].tolist() == [-82.5]  # of -100, -100, -100 and -30


def test_silence_has_a_panel_per_target_and_measure_that_there_is() -> None:
    rows = [*cover([0.5, 0.7], "museval"), *score([-20.0], target="drums", **SILENT)]
    figure = draw(silence, *rows)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["vocals: coverage\nn = 2", "drums: leakage\nn = 1"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["% of frames", "dB of the mixture"]


def test_a_mark_that_one_measure_has_is_shown_though_another_has_none() -> None:
    heard = [row | {"flags": "trained_on"} for row in cover([0.5], "museval")]
    faulty = [row | {"flags": "erratum:bass"} for row in cover([0.5], "target")]
    texts = read_texts(draw(silence, *heard, *faulty, *score([-20.0], **SILENT)))
    assert "IASS†‡" in texts


def test_nothing_measured_is_said_in_words() -> None:
    texts = read_texts(draw(silence, *score([1.0])))
    assert texts == ["demo on synthband: neither coverage nor leakage measured"]


# --- dialects ----------------------------------------------------------------------------------

TRIO = replace(DUO, methods=("input_mixture", "iass", "ibm"), targets=("vocals",))


def read_ranks(data: pd.DataFrame, dialect: str) -> dict[str, float]:
    rows = data[data["dialect"] == dialect]
    return dict(zip(rows["method"], rows["rank"], strict=True))


def test_dialects_rank_by_median_and_mean_and_whole_songs() -> None:
    rows = [
        *score([0.0, 1.0, 30.0], "input_mixture"),
        *score([2.0, 2.0, 2.0], "iass"),
        *score([4.0, 4.0, 4.0], "ibm"),
        *score([5.0], "iass", metric="uSDR", mask="none", frame_s=np.nan),
        *score([5.0], "ibm", metric="uSDR", mask="none", frame_s=np.nan),
    ]
    data = dialects.tabulate(make_table(*rows), TRIO)
    assert read_ranks(data, "SDR") == {"ibm": 1, "iass": 2, "input_mixture": 3}
    assert read_ranks(data, "SDR, mean") == {"input_mixture": 1, "ibm": 2, "iass": 3}
    assert read_ranks(data, "uSDR") == {"iass": 1, "ibm": 1}  # equal: both have the better rank
    shares = data.groupby("dialect")["pairs_reversed_percent"].first()
    assert shares["SDR"] == 0.0
    assert shares["SDR, mean"] == pytest.approx(200 / 3)  # the mixture passed both
    assert shares["uSDR"] == 0.0  # a tie reverses nothing


def test_songs_with_errata_are_left_out_of_one_dialect_where_there_are_any() -> None:
    rows = [
        *score([1.0, 9.0], "iass"),
        *score([2.0, 3.0], "ibm"),
    ]
    assert "SDR, no errata" not in set(dialects.tabulate(make_table(*rows), TRIO)["dialect"])
    faulty = [
        row | {"flags": "erratum:bass"} if row["value"] in (9.0, 3.0) else row for row in rows
    ]
    data = dialects.tabulate(make_table(*faulty), TRIO)
    assert read_ranks(data, "SDR") == {"iass": 1, "ibm": 2}
    assert read_ranks(data, "SDR, no errata") == {"iass": 2, "ibm": 1}
    assert set(data.loc[data["dialect"] == "SDR", "marks"]) == {"‡"}


def test_a_dialect_is_drawn_as_ranks_with_the_share_of_reversed_pairs_below() -> None:
    rows = [*score([1.0], "iass"), *score([2.0], "ibm")]
    figure = draw(dialects, *rows, context=TRIO)
    axes = figure.axes[0]
    numbers = [(text.get_position(), text.get_text()) for text in axes.texts]
    assert numbers == [
        ((0, 0), "-"), ((1, 0), "-"), ((0, 1), "2"), ((1, 1), "2"), ((0, 2), "1"), ((1, 2), "1"),
        ((0, 3), "0"), ((1, 3), "0"),
    ]  # fmt: skip
    assert [label.get_text() for label in axes.get_xticklabels()] == ["SDR", "SDR, mean"]
    assert axes.get_yticklabels()[-1].get_text() == "pairs reversed (%)"
