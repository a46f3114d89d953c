"""Replicas of weights that others published: random networks in files of the same layout."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from baselines import umx
from iass.foundation.card import Archive
from iass.foundation.stand_ins import import_openunmix
from iass.foundation.stft import Stft
from iass.models.unet import UNet, plan_shape

# Part of our network, and what the authors call it (METHOD section 2): each line by hand.
PARTS = """
encoder.0.main.0 encode.block1.conv1
encoder.0.main.1 encode.block1.bn1
encoder.0.main.3 encode.block1.conv2
encoder.0.main.4 encode.block1.bn2
encoder.0.residual encode.block1.skip
encoder.0.down encode.block1.ds
encoder.1.main.0 encode.block2.conv1
encoder.1.main.1 encode.block2.bn1
encoder.1.main.3 encode.block2.conv2
encoder.1.main.4 encode.block2.bn2
encoder.1.residual encode.block2.skip
encoder.1.down encode.block2.ds
encoder.2.main.0 encode.block3.conv1
encoder.2.main.1 encode.block3.bn1
encoder.2.main.3 encode.block3.conv2
encoder.2.main.4 encode.block3.bn2
encoder.2.residual encode.block3.skip
encoder.2.down encode.block3.ds
skips.0 encode.conv3
skips.1 encode.conv2
decoder.0.up decode.d_block2.us
decoder.0.narrow.0 decode.d_block2.conv2d
decoder.0.narrow.2 decode.d_block2.bn2d
decoder.0.finish.0 decode.d_block2.conv1d
decoder.0.finish.2 decode.d_block2.bn1d
decoder.1.up decode.d_block3.us
decoder.1.narrow.0 decode.d_block3.conv2d
decoder.1.narrow.2 decode.d_block3.bn2d
decoder.1.finish.0 decode.d_block3.conv1d
decoder.1.finish.2 decode.d_block3.bn1d
decoder.2.up decode.d_block4.us
decoder.2.narrow.0 decode.d_block4.conv2d
decoder.2.narrow.2 decode.d_block4.bn2d
decoder.2.finish decode.d_block4.conv1d
activity.steps.0 InstDecoder.ct1
activity.steps.1 InstDecoder.b1
activity.steps.2 InstDecoder.ct2
activity.steps.3 InstDecoder.b2
activity.steps.4 InstDecoder.ct3
activity.steps.5 InstDecoder.b3
activity.steps.6 InstDecoder.ct4
last last
"""
TARGETS = umx.Method.targets
SMALL = umx.Release(record=1, files={}, licence="none", hidden_size=8)
VECTORS = ("input_mean", "input_scale", "output_mean", "output_scale")


def randomise(network: nn.Module, seed: int) -> None:
    """Fill every parameter and running statistic so that no two layers are alike."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if value.is_floating_point():
                noise = torch.randn(value.shape, generator=generator)
                is_gain = value.dim() == 1 and name.endswith(("weight", "running_var"))
                is_positive = is_gain or name in VECTORS
                fan_in = value[0].numel() if value.dim() > 1 else 100
                value.copy_(1 + 0.2 * noise.abs() if is_positive else noise / fan_in**0.5)


def make_unet(seed: int = 0) -> UNet:
    """Return a random network of the released shape, in evaluation mode."""
    network = UNet(plan_shape((16, 32, 48), Stft(4096, 1024), 16000.0, 44100))
    randomise(network, seed)
    return network.eval()


def release_unet(network: UNet) -> dict[str, Tensor]:
    """Return a state_dict as the authors released it."""
    own = network.state_dict()
    released = {name: own[name] for name in VECTORS}
    for line in PARTS.split("\n")[1:-1]:
        ours, theirs = line.split()
        values = {k: v for k, v in own.items() if k.rpartition(".")[0] == ours}
        released |= {f"{theirs}.{k.rpartition('.')[2]}": v for k, v in values.items()}
    window = torch.hann_window(4096)
    extra = {"sample_rate": torch.tensor(44100), "stft.window": window}
    return released | extra | {"transform.0.window": window}


def save_named_by_hash(folder: Path, name: str, weights: dict[str, Tensor]) -> Path:
    """Save a .pth file as torch.hub names it: <name>-<first digits of its sha256>.pth."""
    folder.mkdir(parents=True, exist_ok=True)
    unnamed = folder / "new.pth"
    torch.save(weights, unnamed)
    digits = hashlib.sha256(unnamed.read_bytes()).hexdigest()
    return unnamed.rename(folder / f"{name}-{digits[:8]}.pth")


def make_network(seed: int) -> nn.Module:
    """Return a small random Open-Unmix, in evaluation mode."""
    network = import_openunmix().OpenUnmix(2049, 2, SMALL.hidden_size, max_bin=1487)
    randomise(network, seed)
    evaluating: nn.Module = network.eval()
    return evaluating


@dataclass(frozen=True)
class Replica(umx.Method):
    """Open-Unmix with small random networks that are served on loopback."""

    url: str = ""
    names: tuple[str, ...] = ()

    @property
    def published(self) -> umx.Release:
        return SMALL

    @property
    def archives(self) -> Mapping[str, Archive]:
        return {
            target: Archive(name=f"replica/{name}", url=f"{self.url}/{name}")
            for target, name in zip(TARGETS, self.names, strict=True)
        }


def save_replica(folder: Path) -> dict[str, Path]:
    """Save a network per target in files that are named by their hash."""
    return {
        target: save_named_by_hash(folder, target, make_network(seed).state_dict())
        for seed, target in enumerate(TARGETS)
    }
