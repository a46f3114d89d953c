"""Near silence as the estimate of every target: shows that doing nothing scores about 0 dB."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from iass.foundation.audio import FloatArray
from iass.foundation.method import Bound, Estimate


@dataclass(frozen=True)
class Method(Bound):
    """Control. The mixture far down, because BSSEval is undefined for digital silence.

    gain_db: level below the mixture, dB (METHOD section 4).
    """

    gain_db: float = -80.0

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        """Return the attenuated mixture (channels, samples) for every target."""
        gain = np.float32(10 ** (self.gain_db / 20))
        return {target: Estimate(mixture * gain) for target in targets}
