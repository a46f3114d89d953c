import numpy as np
import pytest
import torch
from torch import nn

from iass.foundation.errors import UserError
from iass.foundation.stft import Stft
from iass.models.unet import (
    StepUp,
    TransposedConv3x3,
    UNet,
    UNetShape,
    count_parameters,
    crop_bins,
    plan_shape,
)

PAPER = Stft(4096, 1024)


def test_the_paper_s_network_has_the_released_number_of_parameters():
    network = UNet(plan_shape((16, 32, 48), PAPER, 16000.0, 44100))
    last_and_norms = 1487 * 2049 + 2049 + 2 * 1487 + 2 * 2049
    assert count_parameters(network) == 3_205_682
    assert count_parameters(network) + PAPER.n_fft == 3_209_778  # with the STFT window
    assert count_parameters(network) - last_and_norms == 149_698
    convolutions = [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    assert sum(count_parameters(module) for module in convolutions) == 148_946


def test_the_paper_s_levels_have_the_released_bins():
    shape = plan_shape((16, 32, 48), PAPER, 16000.0, 44100)
    assert shape.level_bins == (1487, 495, 165, 55)
    network = UNet(shape)
    steps = [m for m in network.activity.steps if isinstance(m, nn.Conv2d)]
    assert [m.kernel_size for m in steps] == [(3, 1), (3, 1), (3, 1), (2, 1)]
    assert [m.out_channels for m in steps] == [32, 16, 16, 1]


@pytest.mark.parametrize("cropped", [9, 10, 11, 27, 53, 186])
@pytest.mark.parametrize("widths", [(3, 5), (4,)])
def test_any_number_of_bins_and_frames_comes_back(cropped, widths):
    network = UNet(UNetShape(widths, cropped, 200)).eval()
    for frames in (1, 7):
        mask, logits = network(torch.rand(2, 1, 200, frames))
        assert mask.shape == (2, 1, 200, frames)
        assert logits.shape == (2, frames)
        assert mask.min() >= 0


def test_bins_above_the_crop_do_not_reach_the_network():
    network = UNet(UNetShape((3, 4), 20, 33)).eval()
    magnitude = torch.rand(1, 1, 33, 5)
    changed = magnitude.clone()
    changed[:, :, 20:] = 9.0
    for left, right in zip(network(magnitude), network(changed), strict=True):
        assert torch.equal(left, right)


def test_the_mask_looks_twelve_frames_around_and_the_activity_six():
    network = UNet(UNetShape((3, 4, 5), 81, 81)).eval()
    magnitude = torch.rand(1, 1, 81, 41, requires_grad=True)
    for output, reach in zip(network(magnitude), (12, 6), strict=True):
        (gradient,) = torch.autograd.grad(output[..., 20].sum(), magnitude, retain_graph=True)
        touched = torch.nonzero(gradient.abs().sum(dim=(0, 1, 2)))
        assert (int(touched.min()), int(touched.max())) == (20 - reach, 20 + reach)


def test_the_input_is_centred_and_scaled_by_the_training_mixtures():
    shape = UNetShape((3,), 9, 12)
    mean, scale = np.arange(12, dtype=np.float32), np.full(12, 4.0, np.float32)
    network = UNet(shape, mean, scale)
    assert torch.equal(network.input_mean.detach(), torch.arange(9.0))  # positive, as released
    other = UNet(shape)
    other.load_state_dict(
        network.state_dict() | {"input_mean": torch.zeros(9), "input_scale": torch.ones(9)}
    )
    magnitude = torch.rand(1, 1, 12, 4)
    normalised = (magnitude - torch.arange(12.0)[:, None]) / 4.0
    expected = other.eval()(normalised)[0]
    assert torch.allclose(network.eval()(magnitude)[0], expected, atol=1e-6)


def test_an_identity_start_copies_the_map_to_the_mask():
    network = UNet(UNetShape((3,), 9, 12), identity=True)
    row = torch.rand(1, 1, 9, 2)
    assert torch.allclose(network._widen(row)[:, :, :9], row + 1.0)
    assert torch.equal(network._widen(row)[:, :, 9:], torch.ones(1, 1, 3, 2))


@pytest.mark.parametrize("bins", [6, 7, 8])
def test_a_step_up_equals_torch_s_transposed_convolution(bins):
    step, x = StepUp(5, bins), torch.randn(2, 5, 2, 4)
    assert step(x).shape == (2, 5, bins, 4)
    assert torch.allclose(step(x), nn.ConvTranspose2d.forward(step, x), atol=1e-6)


def test_a_transposed_3x3_convolution_equals_torch_s():
    convolution, x = TransposedConv3x3(5, 3), torch.randn(2, 5, 7, 4)
    expected = nn.ConvTranspose2d.forward(convolution, x)
    assert torch.allclose(convolution(x), expected, atol=1e-6)


def test_the_crop_keeps_the_bins_up_to_the_frequency():
    assert crop_bins(PAPER, 16000.0, 44100) == 1487
    assert crop_bins(PAPER, 30000.0, 44100) == 2049
    with pytest.raises(UserError, match="max_hz"):
        crop_bins(PAPER, 0.0, 44100)


def test_too_few_bins_for_the_levels_are_refused_with_the_number_that_fits():
    with pytest.raises(UserError, match="give 1 to 2 widths"):
        plan_shape((4, 4, 4), Stft(64, 32), 8000.0, 44100)
    with pytest.raises(UserError, match="0 levels"):
        plan_shape((), PAPER, 8000.0, 44100)
