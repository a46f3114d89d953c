"""The unprocessed mixture as the estimate of every target: the input SDR (METHOD section 4)."""

from collections.abc import Sequence
from dataclasses import dataclass

from iass.foundation.audio import FloatArray
from iass.foundation.method import Bound, Estimate


@dataclass(frozen=True)
class Method(Bound):
    """Lower bound. Unscaled: SiSEC 2018's mixture/4 gives other numbers."""

    def separate(
        self, mixture: FloatArray, rate_hz: int, targets: Sequence[str]
    ) -> dict[str, Estimate]:
        """Return the mixture (channels, samples) for every target."""
        return {target: Estimate(mixture.copy()) for target in targets}
