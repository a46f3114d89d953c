"""Open-Unmix as its authors trained and published it: the weights umx, umxhq and umxl."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from iass.foundation.audio import FloatArray
from iass.foundation.card import Archive
from iass.foundation.device import choose_device
from iass.foundation.errors import UserError
from iass.foundation.method import Blocks, Estimate, Pretrained
from iass.foundation.stand_ins import import_openunmix
from iass.foundation.stft import Stft
from iass.models.pth import check_layout, finish_network, read_tensors
from iass.models.recurrent import plan_recurrent_blocks
from iass.models.saved import check_rate
from iass.models.unet import crop_bins

RATE_HZ = 44100
STFT = Stft(4096, 1024)
MAX_HZ = 16000.0
CHANNELS = 2  # of the networks; mono is heard on both
WIENER_FRAMES = 300  # filtered together, the package's default

_LEFTOVERS = ("sample_rate", "stft.window", "transform.0.window")  # of the networks of 2019


@dataclass(frozen=True)
class Release:
    """One set of published weights: a file per target in a Zenodo record.

    Addresses and hidden sizes: openunmix 1.3.0, `__init__.py`; terms and songs: its README.
    """

    record: int
    files: Mapping[str, str]
    licence: str
    hidden_size: int = 512


RELEASES = {
    "umx": Release(
        record=3370486,
        files={
            "vocals": "vocals-c8df74a5.pth",
            "drums": "drums-5a48008b.pth",
            "bass": "bass-646024d3.pth",
            "other": "other-f8e132cc.pth",
        },
        licence="MIT, as the package says of all but umxl and umxse.",
    ),
    "umxhq": Release(
        record=3370489,
        files={
            "vocals": "vocals-b62c91ce.pth",
            "drums": "drums-9619578f.pth",
            "bass": "bass-8d85a5bd.pth",
            "other": "other-b52fbbf7.pth",
        },
        licence="MIT, as the package says of all but umxl and umxse.",
    ),
    "umxl": Release(
        record=5069601,
        files={
            "vocals": "vocals-bccbd9aa.pth",
            "drums": "drums-69e0ebd4.pth",
            "bass": "bass-2ca1ce51.pth",
            "other": "other-c8c5b3e6.pth",
        },
        licence=(
            "CC BY-NC-SA 4.0: no commercial use. It learned a private set of stems, so nobody can "
            "tell which test songs it has heard."
        ),
        hidden_size=1024,
    ),
}


@dataclass(frozen=True)
class Method(Pretrained):
    """Four networks and a multichannel Wiener filter over what all four estimate.

    release: umx (learned MUSDB18), umxhq (MUSDB18-HQ, the same songs) or umxl (a private set of
    stems; for the leakage guard it counts as one that knows the same songs, at least).
    wiener: iterations of the filter; 1 gave the published scores, 0 is the networks alone with the
    mixture's phase.
    """

    release: str = "umxhq"
    wiener: int = 1

    targets = ("vocals", "drums", "bass", "other")
    trained_on = {"musdb18": ("train", "valid")}
    citation = (
        "Stöter, Uhlich, Liutkus, Mitsufuji: Open-Unmix, a reference implementation for music "
        "source separation, JOSS 4 (41), 2019, doi 10.21105/joss.01667."
    )
    access = "`iass weights` downloads it, with the same --option, and so does the workflow."

    def __post_init__(self) -> None:
        """UserError names an option's value that is none."""
        if self.release not in RELEASES:
            raise UserError(
                f"options.release is '{self.release}'; choose one of {', '.join(RELEASES)}."
            )
        if self.wiener < 0:
            raise UserError(f"options.wiener is {self.wiener}; give a number of iterations from 0.")

    @property
    def published(self) -> Release:
        """The chosen weights."""
        return RELEASES[self.release]

    @property
    def licence(self) -> str:
        """The terms of the chosen weights."""
        return self.published.licence

    @property
    def archives(self) -> Mapping[str, Archive]:
        """A file per target."""
        base = f"https://zenodo.org/records/{self.published.record}/files"
        return {
            target: Archive(name=f"{self.release}/{file}", url=f"{base}/{file}")
            for target, file in self.published.files.items()
        }

    def select_files(self, files: Mapping[str, Path], targets: Sequence[str]) -> Mapping[str, Path]:
        """Return all files where the filter is to run, which takes every network."""
        return files if self.wiener else {target: files[target] for target in targets}

    def load(self, files: Mapping[str, Path]) -> dict[str, nn.Module]:
        """Return the network of each target."""
        return {target: load_network(path, self.published) for target, path in files.items()}

    def plan_blocks(self, rate_hz: int, models: Mapping[str, Any]) -> Blocks:
        """Return short blocks, of whole windows of the filter: it then sees the same ones."""
        return plan_recurrent_blocks(rate_hz, WIENER_FRAMES * STFT.hop)

    def separate(
        self,
        mixture: FloatArray,
        rate_hz: int,
        models: Mapping[str, Any],
        targets: Sequence[str],
    ) -> dict[str, Estimate]:
        """Return one estimate per target; the filter needs all networks whatever is asked for."""
        check_rate(rate_hz, RATE_HZ)
        chosen = models if self.wiener else {target: models[target] for target in targets}
        with torch.inference_mode():
            spectrum = transform_stereo(mixture, choose_device())
            estimates = self._filter(_estimate_magnitudes(spectrum, chosen.values()), spectrum)
            return {
                target: Estimate(_invert(estimate, mixture))
                for target, estimate in zip(chosen, estimates, strict=True)
                if target in targets
            }

    def _filter(self, magnitudes: Tensor, spectrum: Tensor) -> Tensor:
        """Return the spectra (targets, channels, bins, frames) of the magnitudes, likewise."""
        filtered = torch.empty_like(magnitudes, dtype=spectrum.dtype)
        pieces = (torch.split(t, WIENER_FRAMES, -1) for t in (filtered, magnitudes, spectrum))
        for out, magnitude, mixture in zip(*pieces, strict=True):
            out.copy_(_apply_wiener(magnitude, mixture, self.wiener))
        return filtered


def load_network(path: Path, release: Release) -> nn.Module:
    """Return a published network, ready to separate. UserError if the file is not one."""
    network: nn.Module = import_openunmix().OpenUnmix(
        nb_bins=STFT.bins,
        nb_channels=CHANNELS,
        hidden_size=release.hidden_size,
        max_bin=crop_bins(STFT, MAX_HZ, RATE_HZ),
    )
    found = {k: v for k, v in read_tensors(path).items() if k not in _LEFTOVERS}
    check_layout(path, found, network.state_dict())
    finish_network(network, found)
    return network


def transform_stereo(mixture: FloatArray, device: torch.device) -> Tensor:
    """Return the spectrum (2, bins, frames) of a mixture (1 or 2, samples), reflected at its ends.

    As the package does, but for any length. UserError for more channels.
    """
    if len(mixture) > CHANNELS:
        raise UserError(f"The mixture has {len(mixture)} channels; Open-Unmix takes one or two.")
    half = STFT.n_fft // 2
    padded = np.pad(mixture, ((0, 0), (half, half)), mode="reflect")
    stereo = np.broadcast_to(padded, (CHANNELS, padded.shape[1]))
    audio = torch.from_numpy(np.array(stereo, np.float32, order="C")).to(device)
    return STFT.transform(audio, center=False)


def _estimate_magnitudes(spectrum: Tensor, networks: Any) -> Tensor:
    """Return the magnitudes (targets, channels, bins, frames) that the networks estimate."""
    level = spectrum.abs()[None]
    magnitudes = level.new_empty((len(networks), *spectrum.shape))
    for magnitude, network in zip(magnitudes, networks, strict=True):
        magnitude.copy_(network(level)[0])
    return magnitudes


def _apply_wiener(magnitudes: Tensor, spectrum: Tensor, iterations: int) -> Tensor:
    """Return the spectra of a few frames, by the package's filter; shapes as in `_filter`.

    The package has the axes (frames, bins, channels, real and imaginary, targets).
    """
    filtering = import_module("openunmix.filtering")
    mixture = torch.view_as_real(spectrum).permute(2, 1, 0, 3)
    found = filtering.wiener(magnitudes.permute(3, 2, 1, 0), mixture, iterations)
    return torch.view_as_complex(found.permute(4, 2, 1, 0, 3).contiguous())


def _invert(spectrum: Tensor, mixture: FloatArray) -> FloatArray:
    """Return the audio of a spectrum (2, bins, frames) with the channels of the mixture."""
    audio = STFT.invert(spectrum, mixture.shape[-1])
    kept = audio if len(mixture) == CHANNELS else audio.mean(dim=0, keepdim=True)
    return np.ascontiguousarray(kept.cpu().numpy())
