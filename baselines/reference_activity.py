"""The mixture wherever the target plays, silence elsewhere: what knowing the activity is worth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from iass.foundation.audio import FloatArray
from iass.foundation.device import choose_device
from iass.foundation.method import Activity, Estimate, Oracle
from iass.foundation.stft import Stft
from iass.preparation.activity import ACTIVE, LABEL_FRAME, LABEL_HOP, compute_activity
from iass.separation.masking import invert_estimate, transform_mixture


@dataclass(frozen=True)
class Method(Oracle):
    """The activity labels of the reference as the only mask, one weight for all bins of a frame."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, references: Mapping[str, FloatArray]
    ) -> dict[str, Estimate]:
        """Return the gated mixture of each target, with the labels as its activity."""
        spectrum = transform_mixture(mixture, _STFT, choose_device())
        return {
            target: _gate(spectrum, reference, rate_hz) for target, reference in references.items()
        }


_STFT = Stft(LABEL_FRAME, LABEL_HOP)


def _gate(spectrum: torch.Tensor, reference: FloatArray, rate_hz: int) -> Estimate:
    confidence = compute_activity(reference)
    gate = (confidence >= ACTIVE).astype(np.float32)
    gated = spectrum * torch.from_numpy(gate).to(spectrum.device)
    audio = invert_estimate(gated, _STFT, reference.shape[-1])
    return Estimate(audio, Activity(confidence, gate, LABEL_HOP / rate_hz))
