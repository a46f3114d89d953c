import numpy as np
import pytest
import torch
from plain_unet import PlainUNet
from torch import nn
from torch.nn import functional
from unet_twins import CASES, assert_close, make_twins

from iass.foundation.errors import UserError
from iass.foundation.stft import Stft
from iass.models.unet import (
    UNet,
    UNetShape,
    count_parameters,
    crop_bins,
    joining,
    normalisation,
    plan_shape,
)

PAPER = Stft(4096, 1024)
STAGES = {  # channels x bins of METHOD section 2
    "encoder.0": (16, 495),
    "encoder.1": (32, 165),
    "encoder.2": (48, 55),
    "decoder.0": (32, 165),
    "decoder.1": (16, 495),
    "decoder.2": (1, 1487),
}


def take_step(network, optimiser, magnitude):
    mask, logits = network(magnitude)
    labels = (torch.arange(logits.shape[1]) % 2).expand(logits.shape).to(logits.dtype)
    loss = functional.mse_loss(mask * magnitude, magnitude.sqrt())
    loss = loss + 2 * functional.binary_cross_entropy_with_logits(logits, labels)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return mask.detach(), logits.detach()


def assert_equal_training(case):
    """Compare results, gradients, statistics and the weights after one step of Adam."""
    ours, plain, magnitude = make_twins(case)
    optimisers = [torch.optim.Adam(network.parameters(), 1e-3) for network in (ours, plain)]
    results = [
        take_step(ours, optimisers[0], magnitude),
        take_step(plain, optimisers[1], magnitude),
    ]
    assert_close(results[0][0], results[1][0], 1e-12)
    assert_close(results[0][1], results[1][1], 1e-12)
    for (name, left), right in zip(ours.named_parameters(), plain.parameters(), strict=True):
        least = 1e-2 if name.endswith("bias") else 0.0  # in front of a norm it is rounding alone
        assert_close(left.grad, right.grad, 1e-10, name, least)
        assert_close(left.detach(), right.detach(), 1e-8, name, 1.0)
    for (name, left), right in zip(ours.named_buffers(), plain.buffers(), strict=True):
        assert_close(left.double(), right.double(), 1e-12, name)


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


def test_each_stage_of_the_paper_s_network_has_the_shape_of_the_table():
    network = UNet(plan_shape((16, 32, 48), PAPER, 16000.0, 44100))
    shapes = {}

    def note(name, output):
        joined = output[0] if isinstance(output, tuple) else output
        shapes[name] = tuple(joined.shape)

    for name, module in network.named_modules():
        if name in STAGES or name == "activity":
            module.register_forward_hook(lambda *call, name=name: note(name, call[-1]))
    mask, logits = network(torch.rand(1, 1, 2049, 5))
    assert shapes.pop("activity") == (1, 5)
    assert shapes.pop("decoder.2") == (1, 5, 1487)
    assert {name: (shape[3], shape[2]) for name, shape in shapes.items()} == {
        name: stage for name, stage in STAGES.items() if name != "decoder.2"
    }
    assert mask.shape == (1, 1, 2049, 5)
    assert logits.shape == (1, 5)


@pytest.mark.parametrize("case", CASES)
def test_training_equals_the_plain_network_in_float64(case):
    assert_equal_training(CASES[case])


@pytest.mark.parametrize("case", ["no_bins_divide", "two_frames", "batch_of_one"])
def test_training_as_on_a_gpu_equals_the_plain_network_in_float64(case, monkeypatch):
    for module in (normalisation, joining):
        monkeypatch.setattr(module, "is_blocked", lambda x: False)
    assert_equal_training(CASES[case])


@pytest.mark.parametrize("case", CASES)
def test_evaluation_equals_the_plain_network_in_float64_gradients_too(case):
    ours, plain, magnitude = make_twins(CASES[case])
    magnitude.requires_grad_()
    gradients = []
    for network in (ours.eval(), plain.eval()):
        mask, logits = network(magnitude)
        loss = mask.square().mean() + logits.square().mean()
        inputs = [magnitude, *network.parameters()]
        gradients.append([mask, logits, *torch.autograd.grad(loss, inputs)])
    for left, right in zip(*gradients, strict=True):
        assert_close(left.detach(), right.detach(), 1e-10)


def test_training_in_float32_is_as_near_to_float64_as_the_plain_network():
    _, exact, magnitude = make_twins(CASES["many_blocks"])
    expected = exact(magnitude)[0].detach()
    errors = []
    for network in make_twins(CASES["many_blocks"])[:2]:
        mask = network.float()(magnitude.float())[0].detach().double()
        errors.append(float((mask - expected).square().mean().sqrt() / expected.std()))
    assert errors[0] < max(2e-6, 2 * errors[1])


def test_the_same_seed_draws_the_weights_it_always_drew():
    torch.manual_seed(3)
    network = UNet(UNetShape((3, 4), 29, 40))
    torch.manual_seed(3)
    plain = PlainUNet((3, 4), 29, 40)
    for name, value in network.state_dict().items():
        assert torch.equal(value, plain.state_dict()[name]), name


def test_training_under_bfloat16_autocast_is_near_float32_and_learns():
    ours, _, magnitude = make_twins(((8, 4), 50, 60, 2, 8))
    ours, magnitude = ours.float(), magnitude.float()
    exact = ours(magnitude)[0].detach()
    optimiser = torch.optim.Adam(ours.parameters(), 1e-3)
    losses = []
    for step in range(10):
        with torch.autocast("cpu", torch.bfloat16):
            mask, logits = ours(magnitude)
            loss = functional.mse_loss((mask * magnitude).float(), magnitude / 2)
            loss = loss + functional.binary_cross_entropy_with_logits(
                logits.float(), torch.ones(logits.shape)
            )
        if step == 0:
            error = (mask.detach().float() - exact).abs().mean() / exact.abs().mean()
            assert float(error) < 5e-2
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert np.isfinite(losses).all()
    assert losses[-1] < 0.9 * losses[0]
    with torch.autocast("cpu", torch.bfloat16):
        mask = ours.eval()(magnitude)[0].detach().float()
    error = (mask - ours(magnitude)[0].detach()).abs().mean() / mask.mean()
    assert float(error) < 5e-2


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
    maps = []
    network.decoder[-1].register_forward_hook(lambda *call: maps.append(call[-1][0]))
    mask, _ = network(torch.rand(2, 1, 12, 4))
    expected = torch.relu(maps[0] + 1.0).transpose(1, 2)
    assert torch.allclose(mask[:, 0, :9], expected)
    assert torch.equal(mask[:, 0, 9:], torch.ones(2, 3, 4))


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
