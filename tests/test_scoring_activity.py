from itertools import product

import numpy as np
import pandas as pd
import pytest

from iass.foundation.errors import UserError
from iass.preparation.activity import LABEL_HOP
from iass.scoring.activity import (
    ACTIVITY_METRICS,
    align_labels,
    compute_f1,
    score_activity,
    score_track_activity,
)

RATE_HZ = 44100
REFERENCE = np.array([1, 1, 1, 0, 0, 0, 0, 1], bool)
NOBODY = np.zeros(4, bool)
EVERYBODY = np.ones(4, bool)
PROBABILITY = np.array([0.9, 0.8, 0.7, 0.6])
GATE = np.array([1.0, 1.0, 0.0, 0.0])
NAN = float("nan")


def frames_at(*samples, rate_hz=RATE_HZ):
    """Return the times, s, of these samples."""
    return np.array(samples, float) / rate_hz


def predict(target="vocals", probability=PROBABILITY, gate=GATE, hop=LABEL_HOP):
    """Return rows as `separate` writes them, frames `hop` samples apart, probabilities float32."""
    times_s = np.arange(len(probability)) * hop / RATE_HZ
    columns = {"track": "a", "target": target, "frame_s": times_s}
    return pd.DataFrame(columns | {"probability": np.float32(probability), "gate": gate})


def score(probability, gate, reference):
    return list(score_activity(np.array(probability), np.array(gate), reference, "a").values())


# --- labels ----------------------------------------------------------------------------------


def test_frames_on_the_labels_grid_take_their_own_label() -> None:
    confidence = np.array([0.4, 0.5, 1.0, 0.0], np.float32)  # active from one half on
    times_s = frames_at(*np.arange(4) * LABEL_HOP)
    assert align_labels(times_s, confidence, RATE_HZ).tolist() == [False, True, True, False]


def test_frames_between_two_labels_take_the_nearer_one() -> None:
    times_s = frames_at(511, 513, 1024 + 511, 1024 + 513)
    assert align_labels(times_s, np.array([0, 1, 0]), RATE_HZ).tolist() == [0, 1, 1, 0]


def test_a_frame_midway_takes_the_even_label() -> None:
    confidence = np.array([0, 1, 1, 1, 0])
    times_s = np.array([0.5, 1.5, 2.5, 3.5]) * 0.25  # labels are exactly a quarter second apart
    assert align_labels(times_s, confidence, 4 * LABEL_HOP).tolist() == [0, 1, 1, 0]


@pytest.mark.parametrize("hop", [256, 1000, 4096])
@pytest.mark.parametrize("rate_hz", [16000, 44100])
def test_any_hop_finds_the_nearest_label_that_a_search_finds(hop: int, rate_hz: int) -> None:
    confidence = np.random.default_rng(hop).random(50)
    frames = np.arange(49 * LABEL_HOP // hop)
    found = align_labels(frames_at(*frames * hop, rate_hz=rate_hz), confidence, rate_hz)
    for frame, is_active in zip(frames, found, strict=True):
        distances = abs(np.arange(50) * LABEL_HOP - frame * hop)
        nearest = np.flatnonzero(distances == distances.min())
        assert is_active in (confidence[nearest] >= 0.5)  # two are nearest to a frame midway


def test_labels_are_at_the_rate_of_the_track() -> None:
    """Label 10 is at 0.64 s at 16 kHz but at 0.23 s at 44.1 kHz."""
    confidence = (np.arange(30) == 10).astype(float)
    times_s = np.array([0.23, 0.64])
    assert align_labels(times_s, confidence, 16000).tolist() == [False, True]
    assert align_labels(times_s, confidence, 44100).tolist() == [True, False]


def test_before_the_first_and_beyond_the_last_label_nobody_plays() -> None:
    times_s = frames_at(-1000, -500, 2048 + 500, 2048 + 600, 10**9)
    assert align_labels(times_s, np.ones(3), RATE_HZ).tolist() == [0, 1, 1, 0, 0]
    assert align_labels(times_s, np.zeros(0), RATE_HZ).tolist() == [0] * 5


def test_no_frame_needs_no_label() -> None:
    assert align_labels(np.zeros(0), np.ones(3), RATE_HZ).tolist() == []


# --- F1 --------------------------------------------------------------------------------------


def test_f1_by_hand() -> None:
    """Three hits, one false alarm, one miss: 6 / 8."""
    predicted = np.array([1, 1, 0, 0, 1, 0, 0, 1], bool)
    assert compute_f1(predicted, REFERENCE) == pytest.approx(6 / 8)


def test_always_on_reaches_twice_the_share_over_one_plus_the_share() -> None:
    assert compute_f1(np.ones(8, bool), REFERENCE) == pytest.approx(2 * 0.5 / 1.5)


def test_a_perfect_prediction_is_one_and_the_opposite_zero() -> None:
    assert compute_f1(REFERENCE, REFERENCE) == 1.0
    assert compute_f1(~REFERENCE, REFERENCE) == 0.0


def test_without_any_active_frame_there_is_no_f1() -> None:
    assert np.isnan(compute_f1(np.zeros(3, bool), np.zeros(3, bool)))
    assert np.isnan(compute_f1(np.zeros(0, bool), np.zeros(0, bool)))


# --- one track and target --------------------------------------------------------------------


def test_all_metrics_by_hand() -> None:
    """Three hits, two false alarms, one miss; half of the frames are active.

    Down the probabilities the frames are 1 1 0 1 0 0 1 0: precision is 1, 1, 3/4 and 4/7 where
    recall gains a quarter. Of the 16 pairs, 4 + 4 + 3 + 1 are in order.
    """
    probability = np.array([0.9, 0.8, 0.6, 0.7, 0.5, 0.4, 0.2, 0.3])
    gate = np.array([1, 1, 1, 1, 1, 0, 0, 0])
    found = score_activity(probability, gate, REFERENCE, "a")
    assert found == {
        "activity_precision": pytest.approx(3 / 5),
        "activity_recall": pytest.approx(3 / 4),
        "activity_F1": pytest.approx(6 / 9),
        "activity_F1_always_on": pytest.approx(8 / 12),
        "activity_AP": pytest.approx((1 + 1 + 3 / 4 + 4 / 7) / 4),
        "activity_ROC_AUC": pytest.approx(12 / 16),
    }
    assert tuple(found) == ACTIVITY_METRICS


def test_the_gate_alone_counts_for_precision_and_the_probabilities_alone_for_the_ranking() -> None:
    reference = np.array([1, 1, 0, 0], bool)
    assert score(PROBABILITY, [0, 0, 1, 1], reference) == pytest.approx([0, 0, 0, 2 / 3, 1, 1])


def test_a_gate_is_open_from_one_half() -> None:
    reference = np.array([1, 1, 0, 0], bool)
    assert score(PROBABILITY, [0.5, 0.49, 0.0, 0.0], reference)[:2] == [1.0, 0.5]


def test_a_constant_probability_ranks_nothing() -> None:
    """Its average precision is the share of active frames, its area one half."""
    reference = np.array([1, 0, 0, 0], bool)
    assert score([0.3] * 4, GATE, reference)[4:] == [0.25, 0.5]


@pytest.mark.parametrize(
    ("gate", "reference", "expected"),
    [
        (GATE, NOBODY, [0, NAN, 0, 0, NAN, NAN]),
        (0 * GATE, NOBODY, [NAN, NAN, NAN, 0, NAN, NAN]),
        (GATE, EVERYBODY, [1, 0.5, 2 / 3, 1, 1, NAN]),
        (0 * GATE, EVERYBODY, [NAN, 0, 0, 1, 1, NAN]),
        (0 * GATE, np.array([1, 0, 1, 0], bool), [NAN, 0, 0, 2 / 3, 5 / 6, 3 / 4]),
    ],
)
def test_what_is_undefined_is_nan(gate, reference, expected) -> None:
    np.testing.assert_allclose(score(PROBABILITY, gate, reference), expected)


@pytest.mark.parametrize(
    ("gate", "is_active", "expected"),
    [
        (1, True, [1, 1, 1, 1, 1, NAN]),
        (0, True, [NAN, 0, 0, 1, 1, NAN]),
        (1, False, [0, NAN, 0, 0, NAN, NAN]),
        (0, False, [NAN, NAN, NAN, 0, NAN, NAN]),
    ],
)
def test_one_frame_is_enough(gate, is_active, expected) -> None:
    np.testing.assert_allclose(score([0.7], [gate], np.array([is_active])), expected)


def test_no_frame_has_no_score() -> None:
    assert np.isnan(score(np.zeros(0), np.zeros(0), np.zeros(0, bool))).all()


def _count_pairs(probability, reference) -> float:
    """Share of (active, inactive) pairs in right order, ties half."""
    pairs = list(product(probability[reference], probability[~reference]))
    return sum((on > off) + 0.5 * (on == off) for on, off in pairs) / len(pairs)


def _sum_steps(probability, reference) -> float:
    """Precision times gain in recall, threshold by threshold, from the strictest to the loosest."""
    total = recall = 0.0
    for threshold in sorted(set(probability), reverse=True):
        above = reference[probability >= threshold]
        gained = above.sum() / reference.sum()
        total += (gained - recall) * above.mean()
        recall = gained
    return total


@pytest.mark.parametrize("levels", [2, 7, 10**9])  # many ties, some, none
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_ranking_agrees_with_counting_by_brute_force(levels: int, dtype: type) -> None:
    generator = np.random.default_rng(levels)
    for _ in range(10):
        reference = generator.permutation(np.arange(60) < generator.integers(1, 60))
        probability = (generator.integers(0, levels, 60) / levels).astype(dtype)
        found = score_activity(probability, probability, reference, "a")
        assert found["activity_AP"] == pytest.approx(_sum_steps(probability, reference))
        assert found["activity_ROC_AUC"] == pytest.approx(_count_pairs(probability, reference))


def test_no_rounding_lifts_a_perfect_ranking_above_one() -> None:
    for frames in range(3, 120):  # for some of them the gains in recall do not add up to 1
        reference = np.arange(frames) % 3 < 2
        precision, area = score(reference + np.arange(frames) / 1000, reference, reference)[4:]
        assert 1 - 1e-12 < precision <= 1
        assert area == 1


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_a_value_that_is_not_finite_is_refused_by_its_place(bad: float) -> None:
    spoilt = np.array([0.5, bad, bad])
    fine = np.ones(3)
    with pytest.raises(UserError, match=r"^song x: .* infinite probability in frame 1;"):
        score_activity(spoilt, fine, fine > 0, "song x")
    with pytest.raises(UserError, match=r"^song x: .* infinite gate in frame 1;"):
        score_activity(fine, spoilt, fine > 0, "song x")


# --- one track -------------------------------------------------------------------------------


def test_each_target_is_scored_against_its_own_labels_in_the_order_predicted() -> None:
    predicted = pd.concat([predict("vocals"), predict("bass", gate=1 - GATE)], ignore_index=True)
    confidences = {"bass": np.array([0, 0, 1, 1]), "vocals": np.array([1, 0, 1, 0])}
    found = score_track_activity(predicted, confidences, RATE_HZ, "a")
    assert [row[:2] for row in found] == list(product(["vocals", "bass"], ACTIVITY_METRICS))
    # bass: down the probabilities 0 0 1 1, so precision 1/3 and 2/4
    expected = [0.5, 0.5, 0.5, 2 / 3, 5 / 6, 3 / 4, 1, 1, 1, 2 / 3, 5 / 12, 0]
    np.testing.assert_allclose([value for _, _, value in found], expected)


def test_rows_in_any_order_score_the_same() -> None:
    confidences = {"vocals": np.array([1, 0, 1, 0])}
    reverse = score_track_activity(predict()[::-1], confidences, RATE_HZ, "a")
    assert reverse == score_track_activity(predict(), confidences, RATE_HZ, "a")


def test_a_prediction_of_half_the_hop_meets_every_label_twice() -> None:
    """Midway frames take the even label, and the last frame is nearest to none."""
    predicted = predict(probability=np.ones(8), gate=np.ones(8), hop=LABEL_HOP // 2)
    found = score_track_activity(predicted, {"vocals": np.array([1, 0, 1, 0])}, RATE_HZ, "a")
    assert found[0] == ("vocals", "activity_precision", 5 / 8)  # of labels 0 0 1 2 2 2 3


def test_a_prediction_longer_than_the_labels_ends_in_silence() -> None:
    found = score_track_activity(predict(), {"vocals": np.array([1, 0])}, RATE_HZ, "a")
    np.testing.assert_allclose([row[2] for row in found], [0.5, 1, 2 / 3, 0.4, 1, 1])


def test_a_target_without_labels_never_plays() -> None:
    found = score_track_activity(predict(), {"bass": np.ones(4)}, RATE_HZ, "a")
    np.testing.assert_array_equal([row[2] for row in found], [0, NAN, 0, 0, NAN, NAN])


@pytest.mark.parametrize("empty", [predict()[:0], pd.DataFrame(columns=predict().columns)])
def test_a_method_that_predicts_none_has_no_activity_scores(empty: pd.DataFrame) -> None:
    assert score_track_activity(empty, {"vocals": np.ones(4)}, RATE_HZ, "a") == []


@pytest.mark.parametrize("column", ["frame_s", "probability", "gate"])
def test_a_track_with_a_value_that_is_not_finite_is_refused_by_its_target(column: str) -> None:
    predicted = predict()
    predicted.loc[2, column] = np.nan
    with pytest.raises(UserError, match=f"^song x, target 'vocals': .* {column} in frame 2;"):
        score_track_activity(predicted, {}, RATE_HZ, "song x")
