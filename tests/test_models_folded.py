"""The network as it separates: everything composed that can be, in blocks of frames."""

import pytest
import torch
from unet_twins import CASES, assert_close, make_twins


@pytest.mark.parametrize("case", CASES)
def test_a_folded_network_equals_the_plain_one_in_float64(case):
    ours, plain, magnitude = make_twins(CASES[case])
    with torch.no_grad():
        for left, right in zip(ours.fold()(magnitude), plain.eval()(magnitude), strict=True):
            assert_close(left, right, 1e-10)


@pytest.mark.parametrize("case", CASES)
def test_a_folded_network_equals_the_plain_one_in_float32(case):
    ours, plain, magnitude = make_twins(CASES[case])
    with torch.no_grad():
        expected = plain.eval()(magnitude)
        found = ours.float().fold()(magnitude.float())
    for left, right in zip(found, expected, strict=True):
        assert_close(left.double(), right, 1e-5)


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
def test_few_frames_and_the_borders_of_the_bins_are_exact(frames):
    ours, plain, _ = make_twins(((5, 3), 29, 31, 1, 1))
    magnitude = torch.rand(1, 1, 31, frames, dtype=torch.float64)
    with torch.no_grad():
        mask, expected = ours.fold()(magnitude)[0], plain.eval()(magnitude)[0]
    for edge in (0, -1):
        assert_close(mask[..., edge], expected[..., edge], 1e-10)
        assert_close(mask[:, :, edge], expected[:, :, edge], 1e-10)


def test_blocks_with_twelve_frames_of_context_equal_the_whole_song():
    ours, _, _ = make_twins(((3, 4, 5), 90, 99, 1, 1))
    folded, magnitude = ours.fold(), torch.rand(1, 1, 99, 70, dtype=torch.float64)
    mask, logits = folded(magnitude)
    for start in range(0, 70, 16):
        first, behind = max(0, start - 12), min(70, start + 16 + 12)
        part_mask, part_logits = folded(magnitude[..., first:behind])
        inside = slice(start - first, start - first + 16)
        assert_close(part_mask[..., inside], mask[..., start : start + 16], 1e-12)
        assert_close(part_logits[:, inside], logits[:, start : start + 16], 1e-12)


def test_folding_keeps_the_network_and_later_training_keeps_the_fold():
    ours, _, magnitude = make_twins(CASES["two_frames"])
    ours.train()
    before = {name: value.clone() for name, value in ours.state_dict().items()}
    folded = ours.fold()
    mask, _ = folded(magnitude)
    assert ours.training
    assert not mask.requires_grad
    assert all(torch.equal(value, before[name]) for name, value in ours.state_dict().items())
    with torch.no_grad():
        for value in ours.parameters():
            value.mul_(3.0)
    assert torch.equal(folded(magnitude)[0], mask)
