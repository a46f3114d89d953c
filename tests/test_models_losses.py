import math

import pytest
import torch

from iass.models.losses import activity_loss, frame_labels, magnitude_loss


@pytest.mark.parametrize("label", [0.0, 1.0])
def test_a_surer_right_answer_costs_less_and_a_surer_wrong_one_more(label):
    labels = torch.full((1, 4), label)
    right = 1.0 if label else -1.0
    costs = [float(activity_loss(torch.full((1, 4), right * sure), labels)) for sure in (-2, 0, 2)]
    assert costs[0] > costs[1] > costs[2]
    assert costs[1] == pytest.approx(math.log(2))


def test_the_mask_loss_is_the_mean_squared_error():
    assert float(magnitude_loss(torch.tensor([1.0, 4.0]), torch.tensor([0.0, 2.0]))) == 2.5


def test_uncentred_frames_take_the_label_half_a_window_later():
    labels = torch.arange(10.0)[None]  # label k is centred at sample 1024 k
    assert frame_labels(labels, 2048, 1024, 1024, 4).tolist() == [[2, 3, 4, 5]]
    assert frame_labels(labels, 1024, 1024, 1024, 4).tolist() == [[1, 2, 3, 4]]


def test_centred_frames_take_the_labels_one_by_one():
    labels = torch.arange(10.0)[None]
    assert frame_labels(labels, 0, 1024, 1024, 4).tolist() == [[0, 1, 2, 3]]


def test_another_hop_takes_the_nearest_label_and_the_last_one_at_the_end():
    labels = torch.arange(3.0)[None]
    assert frame_labels(labels, 0, 512, 1024, 6).tolist() == [[0, 1, 1, 2, 2, 2]]
