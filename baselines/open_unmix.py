"""Open-Unmix: a three-layer BLSTM mask, the paper's baseline (Stoeter et al., JOSS 2019)."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from iass.foundation.audio import CHANNEL_COUNT, Channels, FloatArray
from iass.foundation.device import choose_device
from iass.foundation.errors import UserError
from iass.foundation.method import Blocks, Estimate, FitJob, Trained
from iass.foundation.stand_ins import import_openunmix
from iass.foundation.stft import Stft
from iass.models.losses import magnitude_loss
from iass.models.recurrent import plan_recurrent_blocks
from iass.models.saved import check_rate, load_weights, read_facts
from iass.models.unet import check_max_hz, crop_bins
from iass.separation.blocks import merge_plans
from iass.separation.masking import invert_estimate, transform_mixture
from iass.training.chunks import Batch
from iass.training.data import Spectrum, measure_spectrum, open_training_data
from iass.training.loop import train
from iass.training.seeds import seeded


@dataclass(frozen=True)
class Method(Trained):
    """Options of Open-Unmix; the defaults are its authors' (METHOD section 3).

    hidden_size: units of the dense layers and of both LSTM directions together (METHOD 3: 512).
    layers: number of bidirectional LSTM layers (METHOD 3: 3).
    n_fft: STFT window, samples (METHOD 3: 4096).
    hop: STFT hop, samples (METHOD 3: 1024).
    max_hz: highest frequency that the network sees, Hz (METHOD 3: 16 kHz).
    """

    hidden_size: int = 512
    layers: int = 3
    n_fft: int = 4096
    hop: int = 1024
    max_hz: float = 16000.0

    def __post_init__(self) -> None:
        """UserError names the option that no network can be built with."""
        if self.hidden_size <= 0 or self.hidden_size % 2:
            raise UserError(
                f"options.hidden_size is {self.hidden_size}; give an even number above 0, for two "
                "LSTM directions."
            )
        if self.layers < 1:
            raise UserError(f"options.layers is {self.layers}; give 1 or more.")
        check_max_hz(self.max_hz)
        Stft(self.n_fft, self.hop)

    def fit(self, job: FitJob) -> None:
        """Train the network of `job.target`."""
        data = open_training_data(job)
        spectrum = measure_spectrum(data.sampler, self.stft)
        with seeded(job.seed):
            network = self.build(job.channels, data.sampler.rate_hz, spectrum)
        train(job, data, Task(network, self.stft), asdict(self))

    def load(self, folder: Path) -> "Model":
        """Return the model in `folder`, with the options that it was trained with."""
        facts = read_facts(folder, asdict(self))
        method = Method(**facts.options)
        network = method.build(facts.channels, facts.rate_hz)
        load_weights(folder, network)
        return Model(network, method.stft, facts.rate_hz, facts.channels)

    def separate(
        self, mixture: FloatArray, rate_hz: int, models: Mapping[str, Any]
    ) -> dict[str, Estimate]:
        """Return one estimate per model; all share the mixture's spectrum."""
        stfts = {model.stft for model in models.values()}
        spectra = {stft: transform_mixture(mixture, stft, choose_device()) for stft in stfts}
        return {
            target: model.separate(spectra[model.stft], mixture.shape[-1], rate_hz)
            for target, model in models.items()
        }

    def plan_blocks(self, rate_hz: int, models: Mapping[str, Any]) -> Blocks:
        """Return short blocks: an LSTM sees the whole song, but forgets."""
        return merge_plans(plan_recurrent_blocks(rate_hz, m.stft.hop) for m in models.values())

    @property
    def stft(self) -> Stft:
        """The network's transform."""
        return Stft(self.n_fft, self.hop)

    def build(
        self, channels: Channels, rate_hz: int, spectrum: Spectrum | None = None
    ) -> nn.Module:
        """Return an untrained network, normalised by the spectrum of the training mixtures."""
        network: nn.Module = import_openunmix().OpenUnmix(
            nb_bins=self.stft.bins,
            nb_channels=CHANNEL_COUNT[channels],
            hidden_size=self.hidden_size,
            nb_layers=self.layers,
            input_mean=spectrum.mean if spectrum else None,
            input_scale=spectrum.deviation if spectrum else None,
            max_bin=crop_bins(self.stft, self.max_hz, rate_hz),
        )
        return network


@dataclass(frozen=True)
class Task:
    """The network in training: the mean squared error of magnitudes (METHOD section 3)."""

    network: nn.Module
    stft: Stft

    def compute_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Compare the estimate with the target's magnitude, frames uncentred."""
        magnitude = self.stft.transform(batch.mixture, center=False).abs()
        target = self.stft.transform(batch.target, center=False).abs()
        return {"mse": magnitude_loss(self.estimate_magnitude(magnitude), target)}

    def estimate_magnitude(self, magnitude: Tensor) -> Tensor:
        """Return the target's magnitude (batch, channels, bins, frames)."""
        return torch.as_tensor(self.network(magnitude))


@dataclass(frozen=True)
class Model:
    """A trained network, with the transform, sample rate and channels it was trained with."""

    network: nn.Module
    stft: Stft
    rate_hz: int
    channels: Channels

    def separate(self, spectrum: Tensor, samples: int, rate_hz: int) -> Estimate:
        """Return the estimate from the mixture's spectrum (1, channels, bins, frames).

        The network's magnitude gets the mixture's phase.
        """
        check_rate(rate_hz, self.rate_hz)
        with torch.inference_mode():
            magnitude = self._estimate_magnitude(spectrum.abs())
            pairs = zip(torch.split(magnitude, 1, 1), torch.split(spectrum, 1, 1), strict=True)
            audio = [  # a channel at a time: this is where memory peaks
                invert_estimate(torch.polar(level, mixture.angle()), self.stft, samples)
                for level, mixture in pairs
            ]
        return Estimate(np.concatenate(audio))

    def _estimate_magnitude(self, magnitude: Tensor) -> Tensor:
        """Return the target's magnitude (1, channels, bins, frames), for any number of channels.

        A mono network gets each channel by itself; a stereo network gets a mono song twice, and
        the mean of its channels counts.
        """
        if self.channels == "mono":
            return torch.as_tensor(self.network(magnitude.transpose(0, 1))).transpose(0, 1)
        width = CHANNEL_COUNT[self.channels]
        estimate = torch.as_tensor(self.network(magnitude.expand(-1, width, -1, -1)))
        return estimate.mean(1, keepdim=True) if magnitude.shape[1] == 1 else estimate
