"""IASS with the weights that its authors released: a .pth file per instrument."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from iass.foundation.audio import FloatArray
from iass.foundation.device import choose_device
from iass.foundation.method import Activity, Blocks, Estimate, Pretrained
from iass.models.gate import check_gate, gate_activity
from iass.models.released import RATE_HZ, STFT, WIDTHS, load_released
from iass.models.saved import check_rate
from iass.models.unet import FoldedUNet, plan_gated_blocks
from iass.separation.masking import invert_estimate, transform_mixture

FILES = {
    "vocals": "vox.pth",
    "drums": "drum.pth",
    "bass": "bass.pth",
    "electric_guitar": "elecgtr.pth",
    "acoustic_guitar": "acgtr.pth",
    "piano": "piano.pth",
}


@dataclass(frozen=True)
class Method(Pretrained):
    """The released networks; the mask and the gate of each are applied to every channel.

    folder: where the authors' six files lie; empty: <data_dir>/weights/iass_released.
    sums_channels: hand L + R to the networks, as the authors' code does, and a mono mixture twice
    as loud, as (L + R) / 2 is; the mask depends on the level. false: (L + R) / 2.
    threshold: probability above which a frame is active (METHOD 2: 0.5); 0 opens the gate.
    filter_length: length of the median filter over the gate, frames, odd (METHOD 2: 21).
    """

    folder: str = ""
    sums_channels: bool = True
    threshold: float = 0.5
    filter_length: int = 21

    targets = ("vocals", "drums", "bass", "electric_guitar", "acoustic_guitar", "piano")
    trained_on = {"mm": ("train", "valid", "test")}  # which songs of it was not published
    citation = (
        "Hung, Lerch: Multitask learning for instrument activation aware music source separation, "
        "ISMIR 2020, arXiv 2008.00616."
    )
    access = (
        "place it there from the authors' repository, github.com/biboamy/Source_Separation_Inst."
    )

    def __post_init__(self) -> None:
        """UserError names an option out of range."""
        check_gate("hard", self.threshold, self.filter_length)

    @property
    def licence(self) -> str:
        """The repository has none."""
        return (
            "The authors' repository has no licence. The weights learned songs of MedleyDB and "
            "Mixing Secrets; which ones was not published."
        )

    def list_files(self, folder: Path) -> dict[str, Path]:
        """Return the six files where a person placed them."""
        placed = Path(self.folder).expanduser() if self.folder else folder / "iass_released"
        return {target: placed / name for target, name in FILES.items()}

    def select_files(self, files: Mapping[str, Path], targets: Sequence[str]) -> Mapping[str, Path]:
        """Return the files of the targets."""
        return {target: files[target] for target in targets}

    def load(self, files: Mapping[str, Path]) -> dict[str, FoldedUNet]:
        """Return the network of each target."""
        return {target: load_released(path).fold() for target, path in files.items()}

    def plan_blocks(self, rate_hz: int, models: Mapping[str, Any]) -> Blocks:
        """Return blocks with all that masks and gates see as context, so that they join exactly."""
        return plan_gated_blocks(len(WIDTHS), STFT, self.filter_length)

    def separate(
        self,
        mixture: FloatArray,
        rate_hz: int,
        models: Mapping[str, Any],
        targets: Sequence[str],
    ) -> dict[str, Estimate]:
        """Return one gated estimate per target, with its activity."""
        check_rate(rate_hz, RATE_HZ)
        with torch.inference_mode():
            spectrum = transform_mixture(mixture, STFT, choose_device())
            mono = spectrum.mean(dim=1, keepdim=True) * (2 if self.sums_channels else 1)
            level = mono.abs()
            return {t: self._apply(models[t], level, spectrum, mixture) for t in targets}

    def _apply(
        self, network: FoldedUNet, level: Tensor, spectrum: Tensor, mixture: FloatArray
    ) -> Estimate:
        """Return the mixture (channels, samples) under the mask and the gate of one network."""
        mask, logits = network(level)
        probability = torch.sigmoid(logits[0]).cpu().numpy()
        gate = gate_activity(probability, self.threshold, self.filter_length)
        gated = mask * torch.from_numpy(gate).to(mask.device)
        audio = invert_estimate(spectrum * gated, STFT, mixture.shape[-1])
        return Estimate(audio, Activity(probability, gate, STFT.hop / RATE_HZ))
