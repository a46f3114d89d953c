"""Which frames count, by two rules, and why the others do not.

`museval`: a frame counts for a target only if every source that is scored together sounds in it
(its channels do not add up to zero). A method that gates to zero thus chooses its frames.
`target`: the target's own reference alone decides (any sample that is not zero), so that SDR and
SNRi score every method on the same frames, and silence where the target plays costs what it costs;
the other metrics still leave out frames in which the estimate is silent.
`none`: metrics of whole songs, from which no frame is left out.
"""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from iass.scoring.energies import Energies, Flags

Mask = Literal["museval", "target"]
MASKS: tuple[Mask, ...] = ("museval", "target")
NO_MASK = "none"

REFERENCE_SILENT = "the reference is silent in this frame"
ESTIMATE_SILENT = "the estimate is silent in this frame"
OTHERS_SILENT = "a source that is scored together with the target is silent in this frame"
NEEDS_ESTIMATE = ("ISR", "SIR", "SAR", "SI-SDR")
"""Metrics that do not hear a silent frame: they come from whole-track filters, or need a scale."""

Reasons = NDArray[np.object_]
"""Why a frame is left out, (frames,); empty text where it counts."""


def explain_museval(frames: Energies, target: int, others_silent: Flags, _: str) -> Reasons:
    """Apply museval's rule; `others_silent` (frames,) says where other sources are."""
    reasons = np.where(others_silent, OTHERS_SILENT, "").astype(object)
    reasons[~frames.estimate_sounds[target]] = ESTIMATE_SILENT
    reasons[~frames.reference_sounds[target]] = REFERENCE_SILENT
    return reasons


def explain_target(frames: Energies, target: int, _: Flags, metric: str) -> Reasons:
    """Leave out frames in which the target's reference is zero at every sample."""
    reasons = np.full(frames.reference.shape[1], "", dtype=object)
    if metric in NEEDS_ESTIMATE:
        reasons[frames.estimate[target] == 0] = ESTIMATE_SILENT
    reasons[frames.reference[target] == 0] = REFERENCE_SILENT
    return reasons


RULES = {"museval": explain_museval, "target": explain_target}
