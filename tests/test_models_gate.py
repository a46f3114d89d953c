import numpy as np
import pytest
from scipy.ndimage import median_filter

from iass.foundation.errors import UserError
from iass.models.gate import GATES, check_gate, gate_activity, smooth_gate


def smooth(text: str, length: int) -> str:
    active = np.array([letter == "1" for letter in text])
    return "".join("01"[int(value)] for value in smooth_gate(active, length))


def test_the_majority_of_three_frames_wins():
    assert smooth("0010011101100", 3) == "0000011111100"


def test_the_ends_are_reflected_without_repeating_the_edge():
    assert smooth("100", 3) == "000"  # the first frame sees 0 1 0
    assert smooth("011", 3) == "111"  # the first frame sees 1 0 1
    assert smooth("110", 3) == "111"


def test_one_frame_and_a_filter_of_one_change_nothing():
    assert smooth("1", 21) == "1"
    assert smooth("0", 21) == "0"
    assert smooth("0101", 1) == "0101"


@pytest.mark.parametrize("frames", [2, 3, 10, 11, 21, 22, 100])
@pytest.mark.parametrize("length", [3, 21])
def test_a_majority_vote_equals_scipy_s_median_filter(frames, length):
    active = np.random.default_rng(frames).random(frames) < 0.5
    expected = median_filter(active.astype(np.int64), size=length, mode="mirror")
    assert smooth_gate(active, length).astype(int).tolist() == expected.tolist()


def test_an_always_active_target_is_never_gated():
    assert smooth("1" * 7, 21) == "1" * 7


def test_the_threshold_itself_is_not_active():
    probability = np.array([0.5, 0.5001, 0.2], np.float32)
    gate = gate_activity(probability, 0.5, 1)
    assert gate.tolist() == [0.0, 1.0, 0.0]
    assert gate.dtype == np.float32


@pytest.mark.parametrize("length", [0, -3, 20])
def test_a_filter_without_a_middle_frame_is_refused(length):
    with pytest.raises(UserError, match="odd"):
        smooth_gate(np.ones(3, bool), length)


@pytest.mark.parametrize("threshold", [-0.01, 1.01, float("nan")])
def test_a_threshold_that_is_no_probability_is_refused(threshold):
    check_gate("hard", 0.0, 1)
    check_gate("soft", 1.0, 1)
    with pytest.raises(UserError, match="probability"):
        check_gate("hard", threshold, 1)


def test_the_gate_may_be_soft_or_none() -> None:
    probability = np.array([0.1, 0.9, 0.2], np.float32)
    assert GATES["soft"](probability, 0.5, 21).tolist() == probability.tolist()
    assert GATES["none"](probability, 0.5, 21).tolist() == [1.0, 1.0, 1.0]
    with pytest.raises(UserError, match=r"options\.gate is 'wide'; choose one of hard, soft, none"):
        check_gate("wide", 0.5, 21)
