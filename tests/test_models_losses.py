import math

import pytest
import torch

from iass.foundation.errors import UserError
from iass.models.losses import (
    LABEL_SOURCES,
    Frames,
    activity_loss,
    check_labels,
    label_loudness,
    magnitude_loss,
    pick_labels,
)

SILENCE = torch.zeros(1, 1, 10 * 1024)


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_surer_right_answer_costs_less_and_a_surer_wrong_one_more(label):
    labels = torch.full((1, 4), label)
    right = 1.0 if label else -1.0
    costs = [float(activity_loss(torch.full((1, 4), right * sure), labels)) for sure in (-2, 0, 2)]
    assert costs[0] > costs[1] > costs[2]
    assert costs[1] == pytest.approx(math.log(2))


def test_the_mask_loss_is_the_mean_squared_error():
    assert float(magnitude_loss(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))) == 2.5


@pytest.mark.parametrize(
    ("frames", "picked"),
    [
        (Frames(2048, 1024, 4), [2, 3, 4, 5]),  # uncentred: half a window later
        (Frames(1024, 1024, 4), [1, 2, 3, 4]),
        (Frames(0, 1024, 4), [0, 1, 2, 3]),  # centred: one by one
        (Frames(0, 512, 6), [0, 1, 1, 2, 2, 3]),
        (Frames(8192, 1024, 4), [8, 9, 9, 9]),  # beyond the end: the last
    ],
)
def test_each_frame_takes_the_nearest_prepared_label(frames, picked):
    labels = torch.arange(10.0)[None]  # label k is centred at sample 1024 k
    assert pick_labels(labels, SILENCE, frames, -60.0).tolist() == [picked]


def make_burst(level: float, channels: int = 1) -> torch.Tensor:
    """Ten label hops of silence, but for one of a constant, from sample 5120 on."""
    target = torch.zeros(1, channels, 10 * 1024)
    target[:, 0, 5 * 1024 : 6 * 1024] = level
    return target


@pytest.mark.parametrize(
    ("floor_db", "labels"),
    [
        # A label frame is 4096 samples: those centred at 4096 to 7168 hold all 1024 of the burst,
        # with a mean square of 0.01 / 4, -26.02 dBFS; none holds a part of it.
        (-26.1, [0, 0, 0, 0, 1, 1, 1, 1, 0, 0]),
        (-26.0, [0] * 10),
    ],
)
def test_a_frame_is_active_where_the_mean_square_around_it_is_above_the_floor(floor_db, labels):
    ignored = torch.ones(1, 10)
    found = label_loudness(ignored, make_burst(0.1), Frames(0, 1024, 10), floor_db)
    assert found.tolist() == [labels]
    uncentred = label_loudness(ignored, make_burst(0.1), Frames(2048, 1024, 7), floor_db)
    assert uncentred.tolist() == [labels[2:9]]


def test_a_chunk_is_silent_beyond_its_ends_and_a_level_is_the_mean_over_channels():
    loud, frames = torch.ones(1, 1, 4096), Frames(0, 1024, 5)
    halved = label_loudness(torch.ones(1, 5), loud, frames, -3.1)  # a half is -3.01 dB
    assert halved.tolist() == [[1, 1, 1, 1, 1]]
    assert label_loudness(halved, loud, frames, -3.0).tolist() == [[0, 1, 1, 1, 0]]
    one_of_two = make_burst(0.1, channels=2)  # -26.02 - 3.01 dB
    centred = Frames(0, 1024, 10)
    assert label_loudness(halved, one_of_two, centred, -29.1).sum() == 4
    assert label_loudness(halved, one_of_two, centred, -29.0).sum() == 0


def test_a_source_of_labels_is_known_by_name_and_its_floor_is_a_level():
    for source in LABEL_SOURCES:
        check_labels(source, -60.0)
    with pytest.raises(UserError, match="'stems'; choose one of stem, loudness"):
        check_labels("stems", -60.0)
    with pytest.raises(UserError, match="label_floor_db is nan"):
        check_labels("loudness", math.nan)
