"""The parts of the network that bring their own gradient."""

from functools import partial

import torch
from torch import nn
from torch.nn import functional
from unet_twins import assert_close

from iass.models.unet.normalisation import normalise_activate, normalise_activate_step
from iass.models.unet.rising import Affine, prepare_finish, prepare_up


def test_batch_statistics_in_float32_are_accurate_far_from_zero():
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(3, momentum=1.0)
    x = torch.randn(4, 50, 300, 3) + torch.tensor([0.0, 10.0, -100.0])
    x = x.requires_grad_()
    out = normalise_activate(x, norm)
    exact = x.detach().double()
    assert_close(norm.running_mean.double(), exact.mean(dim=(0, 1, 2)), 1e-6)
    assert_close(norm.running_var.double(), exact.var(dim=(0, 1, 2)), 1e-6)
    weight = torch.randn(x.shape)
    (gradient,) = torch.autograd.grad((out * weight).sum(), x)
    exact = exact.requires_grad_()
    twin = nn.BatchNorm2d(3).double()(exact.permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    loss = (functional.leaky_relu(twin, 0.01) * weight.double()).sum()
    (expected,) = torch.autograd.grad(loss, exact)
    assert float((gradient.double() - expected).square().mean().sqrt()) < 1e-3


def test_the_functions_with_their_own_gradient_pass_gradcheck():
    torch.manual_seed(0)
    norm = nn.BatchNorm2d(2).double()
    x = torch.randn(2, 3, 7, 2, dtype=torch.float64, requires_grad=True)
    matrix = torch.randn(6, 4, dtype=torch.float64, requires_grad=True)
    start = torch.randn(2, 3, 2, 4, dtype=torch.float64, requires_grad=True)
    check = partial(torch.autograd.gradcheck, fast_mode=True)
    assert check(lambda x: normalise_activate(x, norm), (x,))
    assert check(
        lambda *inputs: normalise_activate_step(inputs[0], norm, *inputs[1:]), (x, matrix, start)
    )
    up = nn.ConvTranspose2d(2, 2, (3, 1), stride=(3, 1)).double()
    narrow, finish = (nn.ConvTranspose2d(n, 2, 3, padding=1).double() for n in (3, 2))
    beside = torch.randn(2, 3, 22, 1, dtype=torch.float64, requires_grad=True)
    scale, shift = torch.randn(2, 2, dtype=torch.float64, requires_grad=True)

    def rise(x, beside, scale, shift):
        affine = Affine(scale, shift)
        joined = prepare_up(up, narrow, affine, 22).run(x, beside, measured=True)
        finished = prepare_finish(finish, affine, 22).run(joined[0], measured=True)
        return *joined, *finished

    assert check(rise, (x, beside, scale, shift))
