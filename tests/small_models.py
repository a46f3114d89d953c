"""Small networks with random weights, alive enough for masks and gates to follow the music."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from baselines.iass import Method as Iass
from baselines.open_unmix import Method as OpenUnmix
from iass.foundation.audio import Channels, FloatArray, Signal
from iass.foundation.method import BaseMethod, Blocks, Estimate
from iass.models.saved import save_model
from iass.separation.blocks import cut_blocks, separate_blocks
from iass.separation.kinds import Song

RATE_HZ = 44100
IASS = Iass(widths=(3, 4), n_fft=512, hop=256, max_hz=6000.0, filter_length=5)
OPEN_UNMIX = OpenUnmix(hidden_size=16, layers=2, n_fft=1024, hop=512, max_hz=6000.0)


def shake_weights(network: nn.Module, seed: int) -> nn.Module:
    """Draw all weights anew, larger than usual; the last ones are small, for masks about 1."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, values in network.state_dict().items():
            if name.endswith("running_var") or "scale" in name:
                values.uniform_(0.5, 1.5, generator=generator)
            elif values.is_floating_point():
                size = 3 / max(values[0].numel(), 9) ** 0.5 if values.dim() > 1 else 0.3
                values.normal_(0, size, generator=generator)
            if name.startswith(("last", "output")):
                values.mul_(0.05)
            elif name.startswith("activity") and values.dim() > 1:
                values.mul_(0.4)  # logits of a few units: sigmoids saturate beyond
    return network.eval()


def save_iass(
    folder: Path, target: str, *, channels: Channels = "mono", seed: int = 0, method: Iass = IASS
) -> Path:
    """Write a model of IASS as a training does, and return its folder."""
    return _save(folder, "iass", method, method.build(RATE_HZ), target, channels, seed)


def save_open_unmix(
    folder: Path, target: str, *, channels: Channels = "mono", seed: int = 0
) -> Path:
    network = OPEN_UNMIX.build(channels, RATE_HZ)
    return _save(folder, "open_unmix", OPEN_UNMIX, network, target, channels, seed)


def _save(
    root: Path,
    name: str,
    method: Any,
    network: nn.Module,
    target: str,
    channels: Channels,
    seed: int,
) -> Path:
    folder = root / "tiny" / channels / name / target / f"seed{seed}"
    facts = {
        "options": asdict(method),
        "rate_hz": RATE_HZ,
        "channels": channels,
        "target": target,
        "seed": seed,
        "provenance": {"method": name},
    }
    weights = shake_weights(network, 100 * seed + sum(map(ord, target))).state_dict()
    save_model(folder, weights, facts)
    return folder


def make_music(channels: int, samples: int, seed: int = 5) -> FloatArray:
    """Return noise whose level and colour change, so that no two frames are alike."""
    generator = np.random.default_rng(seed)
    knots = generator.random(samples // 2000 + 2)
    level = 0.2 * np.interp(np.arange(samples) / 2000, np.arange(len(knots)), knots)
    noise = generator.standard_normal((channels, samples))
    colour = np.sin(np.arange(samples) / 9000) * np.roll(noise, 1, axis=1)
    return np.asarray(level * (noise + colour), np.float32)


def hold_song(mixture: FloatArray, targets: Sequence[str], models: dict[str, Any]) -> Song:
    signal = Signal(RATE_HZ, *mixture.shape, lambda start, stop: mixture[:, start:stop])
    return Song(signal, dict, targets, models)


def separate_by(method: BaseMethod, song: Song, plan: Blocks | None) -> dict[str, Estimate]:
    """Separate a song cut by `plan`, and join the parts without the code under test."""
    blocks = cut_blocks(song.mixture.samples, plan)
    parts = list(separate_blocks(method, song, blocks, "the method"))
    return {target: _join([part[target] for part in parts]) for target in song.targets}


def _join(parts: Sequence[Estimate]) -> Estimate:
    audio = np.concatenate([part.audio for part in parts], axis=1)
    curves = [part.activity for part in parts if part.activity is not None]
    if not curves:
        return Estimate(audio)
    probability = np.concatenate([curve.probability for curve in curves])
    gate = np.concatenate([curve.gate for curve in curves])
    return Estimate(audio, type(curves[0])(probability, gate, curves[0].hop_s))
