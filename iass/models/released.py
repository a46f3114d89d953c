"""The authors' released IASS weights (.pth), as weights of our network (METHOD section 2)."""

from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from iass.foundation.errors import UserError
from iass.foundation.stft import Stft
from iass.models.pth import check_layout, finish_network, read_tensors
from iass.models.unet import UNet, plan_shape

RATE_HZ = 44100
STFT = Stft(4096, 1024)
WIDTHS = (16, 32, 48)
MAX_HZ = 16000.0

_WINDOWS = ("stft.window", "transform.0.window")
_WINDOW_ERROR = 1e-6  # what float32 may differ by
_DOWN = {
    "main.0": "conv1",
    "main.1": "bn1",
    "main.3": "conv2",
    "main.4": "bn2",
    "residual": "skip",
    "down": "ds",
}
_UP = {"up": "us", "narrow.0": "conv2d", "narrow.2": "bn2d"}
_UP_AND_JOIN = _UP | {"finish.0": "conv1d", "finish.2": "bn1d"}
_UP_AND_END = _UP | {"finish": "conv1d"}
_ACTIVITY = ("ct1", "b1", "ct2", "b2", "ct3", "b3", "ct4")


def load_released(path: Path) -> UNet:
    """Return the network of a released .pth file, ready to separate, on the device.

    Its input is the magnitude of L + R (METHOD 2, known faults, 3). UserError if a tensor is
    missing, unknown or of a wrong shape, if the window or the sample rate is another, or if the
    mean of the input is negative, as one version of the authors' code had it (faults 1 and 2).
    """
    found = read_tensors(path)
    network = UNet(plan_shape(WIDTHS, STFT, MAX_HZ, RATE_HZ))
    own = network.state_dict()
    released = {name: rename(name) for name in own}
    window = torch.hann_window(STFT.n_fft)
    others = {"sample_rate": torch.tensor(RATE_HZ), **dict.fromkeys(_WINDOWS, window)}
    check_layout(path, found, {new: own[name] for name, new in released.items()} | others)
    _check_values(path, found, window)
    finish_network(network, {name: found[new] for name, new in released.items()})
    return network


def rename(name: str) -> str:
    """Return what the authors call a tensor of our network.

    E.g. encoder.0.main.1.bias is encode.block1.bn1.bias, and input_mean is input_mean.
    """
    module = next((ours for ours in _MODULES if name.startswith(f"{ours}.")), None)
    return _MODULES[module] + name.removeprefix(module) if module else name


def _check_values(path: Path, found: dict[str, Tensor], window: Tensor) -> None:
    if int(found["sample_rate"]) != RATE_HZ:
        raise UserError(f"{path} is for {int(found['sample_rate'])} Hz, not for {RATE_HZ} Hz.")
    for name in _WINDOWS:
        if (found[name] - window).abs().max() > _WINDOW_ERROR:
            raise UserError(f"{path}: '{name}' is no Hann window of {STFT.n_fft} samples.")
    if found["input_mean"].mean() <= 0:
        raise UserError(
            f"{path}: 'input_mean' is negative, so it was saved for x + input_mean, and this "
            "network takes x - input_mean; use the weights of the paper's release."
        )


def _name_modules() -> Iterator[tuple[str, str]]:
    """Yield our name of each part and the authors', which counts blocks from 1, up from 2."""
    levels = len(WIDTHS)
    for level in range(levels):
        for ours, theirs in _DOWN.items():
            yield f"encoder.{level}.{ours}", f"encode.block{level + 1}.{theirs}"
        for ours, theirs in (_UP_AND_JOIN if level < levels - 1 else _UP_AND_END).items():
            yield f"decoder.{level}.{ours}", f"decode.d_block{level + 2}.{theirs}"
    yield "skips.0", "encode.conv3"  # of block 1
    yield "skips.1", "encode.conv2"  # of block 2
    for step, theirs in enumerate(_ACTIVITY):
        yield f"activity.steps.{step}", f"InstDecoder.{theirs}"


_MODULES = dict(_name_modules())
