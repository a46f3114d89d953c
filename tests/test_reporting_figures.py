from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO, make_activity, make_cards, make_row, make_scores, make_table
from matplotlib.patches import Rectangle

from iass.preparation.activity import LABEL_HOP
from iass.reporting.figures.activity import activity
from iass.reporting.figures.models import training_curves
from iass.reporting.figures.output import save_figure
from iass.reporting.figures.parts import draw_message
from iass.reporting.figures.scores import sdr
from iass.reporting.style import PRINT_STYLE, SYSTEM_COLOURS, colour_methods, label_name
from iass.scoring.table import empty_scores

DUO = replace(DEMO, methods=("input_mixture", "iass"), targets=("vocals", "drums"))


def read_texts(figure):
    """All text that a figure shows."""
    figure.draw_without_rendering()
    return [text.get_text() for text in figure.findobj(mpl.text.Text) if text.get_text()]


def draw(module, *results, context=DEMO):
    return module.render(module.tabulate(*results, context), context)


def score(values, method="iass", target="vocals"):
    return [
        {"method": method, "target": target, "track": f"song {i:02}", "value": v}
        for i, v in enumerate(values)
    ]


# --- SDR ------------------------------------------------------------------------------------


def test_sdr_data_are_medians_over_frames_averaged_over_seeds():
    rows = [
        make_row(seed=s, frame_s=f, value=v)
        for s, f, v in ((0, 0.0, 1.0), (0, 1.0, 3.0), (0, 2.0, np.nan), (1, 0.0, 6.0))
    ]
    table = sdr.tabulate(make_table(*rows), DUO)
    assert table[["sdr_db", "frames_used", "frames", "seeds"]].iloc[0].tolist() == [4.0, 3, 4, 2]
    assert table["kind"].tolist() == ["trained"]


def test_a_box_spans_the_quartiles_and_its_line_is_the_median():
    figure = draw(sdr, make_table(*score([1.0, 2.0, 4.0, 8.0])), context=DUO)
    axes = figure.axes[0]
    box = next(patch for patch in axes.patches if isinstance(patch, Rectangle))
    assert (box.get_y(), box.get_y() + box.get_height()) == pytest.approx((1.75, 5.0))
    median = next(line for line in axes.collections if hasattr(line, "get_segments"))
    assert median.get_segments()[0][:, 1].tolist() == [3.0, 3.0]


def test_n_is_stated_per_target_and_as_a_range_where_methods_differ():
    scores = make_table(
        *score([1.0, 2.0]), *score([0.0], "input_mixture"), *score([1.0], target="drums")
    )
    texts = read_texts(draw(sdr, scores, context=DUO))
    assert "vocals\nn = 1 to 2" in texts
    assert "drums\nn = 1" in texts


def test_a_cell_that_was_not_run_says_so_and_one_without_a_value_too():
    scores = make_table(*score([1.0, 2.0]), *score([np.nan], "input_mixture"))
    texts = read_texts(draw(sdr, scores, context=DUO))
    assert texts.count("not run") == 2
    assert texts.count("not scored") == 1


def test_an_extreme_track_is_clipped_and_counted():
    values = [*np.linspace(1.0, 4.0, 10), -90.0, -80.0]
    figure = draw(sdr, make_table(*score(values)), context=DUO)
    assert figure.axes[0].get_ylim()[0] > -20
    assert "2" in read_texts(figure)


def test_the_zero_line_is_labelled_and_inside_the_axis():
    figure = draw(sdr, make_table(*score([20.0, 21.0])), context=DUO)
    low, high = figure.axes[0].get_ylim()
    assert low < 0 < high
    assert "0 dB:\nsilence" in read_texts(figure)


def test_many_methods_wrap_the_targets_into_rows():
    methods = tuple(f"method_{index}" for index in range(14))
    context = replace(DEMO, methods=methods, kinds=dict.fromkeys(methods, "trained"))
    assert len(draw(sdr, make_table(*score([1.0], "method_3")), context=context).axes) == 2


def test_a_method_that_was_trained_on_test_songs_is_marked_in_the_legend_and_explained():
    heard = [row | {"flags": "trained_on"} for row in score([1.0, 2.0])]
    texts = read_texts(draw(sdr, make_table(*heard, *score([1.0], "ibm")), context=DEMO))
    assert "IASS†" in texts
    assert any("†: was trained on some of these songs." in text for text in texts)
    clean = read_texts(draw(sdr, make_table(*score([1.0])), context=DEMO))
    assert not any("†" in text for text in clean)


def test_the_figure_says_what_it_draws():
    text = " ".join(" ".join(read_texts(draw(sdr, make_scores(tracks=3, frames=2)))).split())
    assert "synthband: synthesised music" in text
    assert "Line: median over tracks; box: quartiles over tracks" in text


@pytest.mark.parametrize(
    "scores",
    [empty_scores(), make_table(*score([np.nan, np.nan]))],
    ids=["no rows", "no values"],
)
def test_nothing_scored_is_said_in_words(scores):
    assert read_texts(draw(sdr, scores)) == ["demo on synthband: nothing scored"]


# --- learning curves -------------------------------------------------------------------------


def test_curves_have_a_panel_per_model_and_mark_the_kept_step():
    data = training_curves.tabulate(make_cards(seeds=(0, 1)), DEMO)
    assert set(data.loc[data["is_best"], "step"]) == {560}
    assert data["is_best"].sum() == 2 * 6 * 2
    titles = [axes.get_title(loc="left") for axes in training_curves.render(data, DEMO).axes]
    assert titles[:2] == ["Open-Unmix: vocals", "Open-Unmix: drums"]
    assert len(titles) == 12


def test_an_unvalidated_best_step_marks_the_next_point():
    card = replace(make_cards()[0], best_step=550)
    data = training_curves.tabulate([card], DEMO)
    assert data.loc[data["is_best"], "step"].tolist() == [560]


def test_seven_targets_fill_two_rows_per_method():
    context = replace(DEMO, targets=(*DEMO.targets, "other"))
    figure = draw(training_curves, make_cards(context), context=context)
    assert [axes.axison for axes in figure.axes] == [*[True] * 7, False] * 2


def test_a_model_without_a_single_point_still_gives_a_figure():
    cards = [replace(make_cards()[0], curve=[]), make_cards()[1]]
    assert len(draw(training_curves, cards).axes) == 1


def test_no_trained_model_is_said_in_words():
    assert read_texts(draw(training_curves, [])) == ["demo: nothing trained"]


# --- activity --------------------------------------------------------------------------------


def test_the_track_whose_target_plays_half_of_the_time_is_shown():
    labels = pd.DataFrame(
        [
            {"track": track, "target": "vocals", "frame": frame, "confidence": confidence}
            for track, values in (("a", (1, 1, 1, 1)), ("b", (1, 0, 1, 0.4)), ("c", (0, 1, 1, 0)))
            for frame, confidence in enumerate(values)
        ]
    )
    predicted = pd.DataFrame(
        [
            {
                "dataset": "d",
                "method": "iass",
                "seed": seed,
                "track": track,
                "target": "vocals",
                "frame_s": frame * LABEL_HOP / 44100,
                "probability": 0.1 + seed,
                "gate": 0.0,
                "trained_on": False,
                "erratum": False,
            }
            for track in "abc"
            for seed in (0, 1)
            for frame in range(5)
        ]
    )
    data = activity.tabulate(predicted, labels, DEMO)
    assert data["track"].unique().tolist() == ["b"]
    assert data["reference"].tolist() == [1, 0, 1, 0, 0]
    assert set(data["probability"]) == {0.1}
    assert set(data["f1"]) == {0.0}
    assert set(data["f1_always_on"]) == {2 * 8 / (15 + 8)}  # 8 of 15 frames of the three tracks
    assert set(data["tracks"]) == {3}


def test_activity_names_the_track_of_each_panel_and_skips_methods_that_predict_none():
    predicted, labels = make_activity(tracks=1)
    texts = read_texts(draw(activity, predicted, labels))
    assert sum(text.startswith("song 0   |   F1, n = 1: IASS") for text in texts) == len(
        DEMO.targets
    )
    assert "IASS: probability" in texts
    assert not any("Open-Unmix" in text for text in texts)


def test_tracks_without_a_label_are_not_shown():
    predicted, labels = make_activity()
    data = activity.tabulate(predicted, labels[labels["track"] == "song 2"], DEMO)
    assert data["track"].unique().tolist() == ["song 2"]


def test_no_predicted_activity_is_said_in_words():
    predicted, labels = make_activity()
    for context, rows in ((DEMO, predicted[:0]), (replace(DEMO, methods=("ibm",)), predicted)):
        texts = read_texts(draw(activity, rows, labels, context=context))
        assert texts == ["demo on synthband: no activity predicted"]


# --- style and output ------------------------------------------------------------------------


def test_a_new_method_takes_the_next_colour_and_changes_no_other():
    kinds = {**DEMO.kinds, "new_one": "command"}
    more = replace(DEMO, methods=(*DEMO.methods, "new_one"), kinds=kinds)
    colours = colour_methods(more)
    assert colours["new_one"] == SYSTEM_COLOURS[3]
    assert {m: colours[m] for m in DEMO.methods} == colour_methods(DEMO)
    assert label_name("new_one") == "new one"


def test_a_saved_figure_is_the_same_bytes_twice(tmp_path):
    scores = make_scores(DUO, tracks=3, frames=2)
    for name in ("a", "b"):
        data = sdr.tabulate(scores, DUO)
        save_figure(sdr.render(data, DUO), data, tmp_path / name)
    for suffix in ("pdf", "svg", "png", "csv"):
        first, second = (tmp_path / f"{name}.{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_a_saved_figure_holds_no_date_and_truetype_fonts_only(tmp_path):
    with mpl.rc_context({"pdf.compression": 0}):
        save_figure(draw_message("some text"), pd.DataFrame({"x": [1.0]}), tmp_path / "a.b")
    pdf = (tmp_path / "a.b.pdf").read_bytes()
    assert b"/FontFile2" in pdf
    assert b"/Type3" not in pdf
    assert b"CreationDate" not in pdf
    assert b"<dc:date>" not in (tmp_path / "a.b.svg").read_bytes()
    assert PRINT_STYLE["pdf.fonttype"] == 42


def test_the_csv_beside_a_figure_is_what_was_drawn(tmp_path):
    data = sdr.tabulate(make_table(*score([1.25, np.nan])), DUO)
    save_figure(sdr.render(data, DUO), data, tmp_path / "a")
    pd.testing.assert_series_equal(pd.read_csv(tmp_path / "a.csv")["sdr_db"], data["sdr_db"])
