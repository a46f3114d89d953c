"""IASS: a U-Net mask, gated by predicted instrument activity (Hung & Lerch, ISMIR 2020)."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from iass.foundation.audio import FloatArray
from iass.foundation.device import choose_device
from iass.foundation.errors import UserError
from iass.foundation.method import Activity, Blocks, Estimate, FitJob, Trained
from iass.foundation.stft import Stft
from iass.models.gate import GATES, check_gate
from iass.models.losses import (
    LABEL_SOURCES,
    Frames,
    activity_loss,
    check_labels,
    magnitude_loss,
)
from iass.models.saved import check_rate, load_weights, read_facts
from iass.models.unet import (
    UNet,
    check_max_hz,
    check_widths,
    count_mask_context,
    plan_gated_blocks,
    plan_shape,
)
from iass.separation.blocks import merge_plans
from iass.separation.masking import invert_estimate, transform_mixture
from iass.training.chunks import Batch
from iass.training.data import Spectrum, measure_spectrum, open_training_data
from iass.training.loop import train
from iass.training.seeds import seeded


@dataclass(frozen=True)
class Method(Trained):
    """Options of IASS; the defaults are the paper's released network (METHOD section 2).

    widths: channels of the levels of the U-Net, from the top (METHOD 2: 16, 32, 48).
    n_fft: STFT window, samples (METHOD 2: 4096).
    hop: STFT hop, samples (METHOD 2: 1024).
    max_hz: highest frequency that the network sees, Hz (METHOD 2: 16 kHz).
    activity_weight: weight of the activity loss beside the mask's (METHOD 2: unknown, 2 here).
    label_source: of the classifier: `stem`, the prepared confidences, relative to the loudest of
    the whole stem (METHOD 2); or `loudness`, the target's level in the chunk, after its gain.
    label_floor_db: level above which a frame is active, dBFS, source `loudness` (ours: -60).
    gate: `hard`, active or not (METHOD 2); `soft`, the probability as a weight; or `none`.
    threshold: probability above which a frame is active, hard gate (METHOD 2: 0.5).
    filter_length: length of the median filter over the hard gate, frames, odd (METHOD 2: 21).
    identity: whether the last Linear starts as a copy of its input (DEMO: true).
    """

    separation_options = ("gate", "threshold", "filter_length")

    widths: tuple[int, ...] = (16, 32, 48)
    n_fft: int = 4096
    hop: int = 1024
    max_hz: float = 16000.0
    activity_weight: float = 2.0
    label_source: str = "stem"
    label_floor_db: float = -60.0
    gate: str = "hard"
    threshold: float = 0.5
    filter_length: int = 21
    identity: bool = False

    def __post_init__(self) -> None:
        """UserError names the option that no network or gate can be built with."""
        check_widths(self.widths)
        check_max_hz(self.max_hz)
        check_gate(self.gate, self.threshold, self.filter_length)
        check_labels(self.label_source, self.label_floor_db)
        Stft(self.n_fft, self.hop)
        if not 0 <= self.activity_weight < inf:
            raise UserError(
                f"options.activity_weight is {self.activity_weight:g}; give a factor from 0 up."
            )

    def fit(self, job: FitJob) -> None:
        """Train the network of `job.target`."""
        data = open_training_data(job)
        spectrum = measure_spectrum(data.sampler, self.stft)
        with seeded(job.seed):
            network = self.build(data.sampler.rate_hz, spectrum)
        task = Task(
            network, self.stft, self.activity_weight, self.label_source, self.label_floor_db
        )
        train(job, data, task, asdict(self))

    def load(self, folder: Path) -> "Model":
        """Return the model in `folder`, with the options that it was trained with."""
        facts = read_facts(folder, asdict(self))
        method = Method(**facts.options)
        network = method.build(facts.rate_hz)
        load_weights(folder, network)
        return Model(network.fold(), method, facts.rate_hz)

    def vary(self, model: "Model", options: Mapping[str, Any]) -> "Model":
        """Return the model with another gate."""
        return replace(model, method=replace(model.method, **options))

    def separate(
        self, mixture: FloatArray, rate_hz: int, models: Mapping[str, Any]
    ) -> dict[str, Estimate]:
        """Return one estimate per model, with its activity; all share the mixture's spectrum."""
        stfts = {model.method.stft for model in models.values()}
        spectra = {stft: transform_mixture(mixture, stft, choose_device()) for stft in stfts}
        return {
            target: model.separate(spectra[model.method.stft], mixture.shape[-1], rate_hz)
            for target, model in models.items()
        }

    def plan_blocks(self, rate_hz: int, models: Mapping[str, Any]) -> Blocks:
        """Return blocks whose context is all that masks and gates see: they join exactly."""
        return merge_plans(model.method.own_blocks for model in models.values())

    @property
    def stft(self) -> Stft:
        """The network's transform."""
        return Stft(self.n_fft, self.hop)

    @property
    def own_blocks(self) -> Blocks:
        """Blocks for this transform, network and gate."""
        return plan_gated_blocks(len(self.widths), self.stft, self.filter_length)

    def build(self, rate_hz: int, spectrum: Spectrum | None = None) -> UNet:
        """Return an untrained network, normalised by the spectrum of the training mixtures."""
        shape = plan_shape(self.widths, self.stft, self.max_hz, rate_hz)
        mean, scale = (spectrum.mean, spectrum.deviation) if spectrum else (None, None)
        return UNet(shape, mean, scale, identity=self.identity)


@dataclass(frozen=True)
class Task:
    """The network in training: mask loss plus weighted activity loss (METHOD section 2)."""

    network: UNet
    stft: Stft
    activity_weight: float
    label_source: str = "stem"
    label_floor_db: float = -60.0

    @property
    def context_frames(self) -> int:
        """Frames to either side that a frame of the mask depends on."""
        return count_mask_context(len(self.network.shape.widths))

    def compute_losses(self, batch: Batch) -> dict[str, Tensor]:
        """Compare mask and logits with the target's magnitude and labels, frames uncentred."""
        magnitude = self.stft.transform(batch.mixture, center=False).abs()
        target = self.stft.transform(batch.target, center=False).abs()
        mask, logits = self.network(_average_channels(magnitude))
        frames = Frames(self.stft.n_fft // 2, self.stft.hop, logits.shape[-1])
        choose = LABEL_SOURCES[self.label_source]
        labels = choose(batch.labels, batch.target, frames, self.label_floor_db)
        return {
            "mse": magnitude_loss(mask * magnitude, target),
            "activity": self.activity_weight * activity_loss(logits, labels),
        }

    def estimate_magnitude(self, magnitude: Tensor) -> Tensor:
        """Return the masked magnitude (batch, channels, bins, frames), without gate."""
        mask, _ = self.network(_average_channels(magnitude))
        return torch.as_tensor(mask * magnitude)


@dataclass(frozen=True)
class Model:
    """A trained network with the options and the sample rate that it was trained with.

    `network` maps a magnitude (1, 1, bins, frames) to a mask of that shape and logits (1, frames).
    """

    network: Callable[[Tensor], tuple[Tensor, Tensor]]
    method: Method
    rate_hz: int

    def separate(self, spectrum: Tensor, samples: int, rate_hz: int) -> Estimate:
        """Return the gated estimate from the mixture's spectrum (1, channels, bins, frames).

        One mask serves all channels, however many the network was trained with.
        """
        check_rate(rate_hz, self.rate_hz)
        with torch.inference_mode():
            mask, logits = self.network(_average_channels(spectrum.abs()))
            activity = self._gate(logits[0], rate_hz)
            gated = mask * torch.from_numpy(activity.gate).to(mask.device)
            audio = invert_estimate(spectrum * gated, self.method.stft, samples)
        return Estimate(audio, activity)

    def _gate(self, logits: Tensor, rate_hz: int) -> Activity:
        probability = torch.sigmoid(logits).cpu().numpy()
        choose = GATES[self.method.gate]
        gate = choose(probability, self.method.threshold, self.method.filter_length)
        return Activity(probability, gate, self.method.hop / rate_hz)


def _average_channels(magnitude: Tensor) -> Tensor:
    """Return the mean magnitude (batch, 1, bins, frames): stereo shares one mask (DESIGN)."""
    return magnitude.mean(dim=1, keepdim=True)
