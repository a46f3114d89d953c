"""Precision against recall of predicted activity, worked out by hand."""

from dataclasses import replace

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from fake_results import DEMO, make_activity, make_table
from figure_checks import find_cut, find_overlaps, read_texts

from iass.preparation.activity import LABEL_HOP
from iass.reporting.figures.activity import activity, precision_recall
from iass.reporting.figures.output import save_figure
from iass.reporting.frames import flag_frames
from iass.reporting.style import PRINT_STYLE

ONE = replace(DEMO, targets=("vocals",))


def predict(probability, gate, track="a", **changes) -> pd.DataFrame:
    """Predicted frames of one track, in step with labels."""
    names = {"dataset": "d", "method": "iass", "seed": 0, "track": track, "target": "vocals"}
    frame_s = np.arange(len(probability)) * LABEL_HOP / 44100
    rows = {"frame_s": frame_s, "probability": probability, "gate": gate}
    return pd.DataFrame(names | rows | {"trained_on": False, "erratum": False} | changes)


def label(confidence, track="a") -> pd.DataFrame:
    return pd.DataFrame({"track": track, "target": "vocals", "confidence": confidence})


def test_a_curve_has_precision_and_recall_at_every_threshold() -> None:
    data = precision_recall.tabulate(
        predict([0.9, 0.8, 0.7, 0.1], [1.0, 1.0, 0.0, 0.0]), label([1.0, 0.0, 0.6, 0.0]), ONE
    )
    curve = data[data["point"] == "curve"]
    points = curve[["recall", "precision"]].drop_duplicates().to_numpy().tolist()
    # all on; the best three; the best two; the best one; none
    assert points == [[1.0, 0.5], [1.0, 2 / 3], [0.5, 0.5], [0.5, 1.0], [0.0, 1.0]]
    assert data["average_precision"].unique() == pytest.approx([0.5 * 1.0 + 0.5 * 2 / 3])
    assert set(data["prevalence"]) == {0.5}
    gate = data[data["point"] == "gate"].iloc[0]
    assert (gate["recall"], gate["precision"]) == (0.5, 0.5)
    assert (gate["tracks"], gate["frames"]) == (1, 4)


def test_frames_of_all_songs_count_together_and_only_the_lowest_seed() -> None:
    predicted = pd.concat(
        [
            predict([0.9, 0.2], [1.0, 0.0]),
            predict([0.8, 0.6], [1.0, 1.0], "b"),
            predict([0.1, 0.9], [0.0, 1.0], seed=1),
        ]
    )
    labels = pd.concat([label([1.0, 0.0]), label([1.0, 1.0], "b")])
    data = precision_recall.tabulate(predicted, labels, ONE)
    assert set(data["average_precision"]) == {1.0}
    assert set(data["prevalence"]) == {0.75}
    assert set(data["tracks"]) == {2}


@pytest.mark.parametrize("errata", ["keep", "drop"])
def test_faulty_songs_are_marked_in_every_figure_of_activity_or_left_out(errata) -> None:
    context = replace(ONE, errata=errata)
    predicted = pd.concat([predict([0.9, 0.2], [1.0, 0.0]), predict([0.2, 0.9], [0.0, 1.0], "b")])
    scores = make_table({"track": "a", "flags": "trained_on"}, {"track": "b", "flags": "erratum:x"})
    frames = flag_frames(predicted.drop(columns=["trained_on", "erratum"]), scores, context)
    labels = pd.concat([label([1.0, 0.0]), label([1.0, 0.0], "b")])
    for module in (precision_recall, activity):
        data = module.tabulate(frames, labels, context)
        assert set(data["tracks"]) == {2 if errata == "keep" else 1}
        assert set(data["marks"]) == {"†‡" if errata == "keep" else "†"}
        words = " ".join(" ".join(read_texts(module.render(data, context))).split())
        assert ("IASS†‡" in words) == (errata == "keep")
        assert "IASS†" in words
        assert "†: was trained on some of these songs." in words
        assert ("left out of all scores" in words) == (errata == "drop")


def test_a_gate_that_never_opens_has_no_precision_and_a_silent_target_no_curve() -> None:
    shut = precision_recall.tabulate(predict([0.4, 0.2], [0.0, 0.0]), label([1.0, 0.0]), ONE)
    gate = shut[shut["point"] == "gate"].iloc[0]
    assert np.isnan(gate["precision"])
    assert gate["recall"] == 0.0
    silent = precision_recall.tabulate(predict([0.4, 0.2], [0.0, 0.0]), label([0.0, 0.0]), ONE)
    texts = read_texts(precision_recall.render(silent, ONE))
    assert texts == ["demo on synthband: no activity predicted where a target plays"]


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    generator = np.random.default_rng(0)
    plays = generator.random(20000) < 0.3
    probability = 0.4 * plays + 0.6 * generator.random(20000)
    data = precision_recall.tabulate(predict(probability, plays * 1.0), label(plays * 1.0), ONE)
    curve = data[data["point"] == "curve"]
    assert len(curve) <= precision_recall.POINTS
    assert curve["recall"].iloc[[0, -1]].tolist() == [1.0, 0.0]
    assert curve["recall"].diff().abs().max() == pytest.approx(1 / 199, abs=1e-3)


def test_a_panel_shows_curve_gate_prevalence_and_average_precision(tmp_path) -> None:
    predicted, labels = make_activity()
    with mpl.rc_context(PRINT_STYLE):
        data = precision_recall.tabulate(predicted, labels, DEMO)
        figure = precision_recall.render(data, DEMO)
        texts = read_texts(figure)
        assert find_overlaps(figure) == []
        assert find_cut(figure) == []
    first = data[data["target"] == "vocals"].iloc[0]
    assert f"IASS {first['average_precision']:.2f}" in texts
    assert f"always on {first['prevalence']:.2f}" in texts
    assert "vocals, n = 3" in texts
    axes = figure.axes[0]
    assert axes.lines[0].get_ydata() == [first["prevalence"]] * 2
    gate = data[(data["target"] == "vocals") & (data["point"] == "gate")]
    assert axes.lines[-1].get_xydata().tolist() == gate[["recall", "precision"]].to_numpy().tolist()
    for name in "ab":
        save_figure(precision_recall.render(data, DEMO), data, tmp_path / name)
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
