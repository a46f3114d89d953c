"""How sure a median over tracks is: its bootstrap interval.

BCa, the bias-corrected and accelerated bootstrap (Efron 1987, Better Bootstrap Confidence
Intervals, JASA 82), of scipy.stats.bootstrap.
"""

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import DegenerateDataWarning, bootstrap

RESAMPLES = 9999  # other seeds move an interval of +-0.6 dB by 0.04 dB (measured, 50 tracks)
MIN_TRACKS = 6  # with fewer, not even [lowest, highest] covers a median with 95 %: 2 / 2^5 > 0.05
ENOUGH_TRACKS = 20  # measured on 1500 sets: 0.94 covered from here on, 0.87 to 0.94 below

Method = Literal["BCa", "percentile"]
TOO_FEW = f"fewer than {MIN_TRACKS} tracks: no interval"
TIED = "many equal values: percentile instead of BCa interval"
ROUGH = "6 to 19 tracks: an interval covers the median in about 90 instead of 95 % of cases"


@dataclass(frozen=True)
class Interval:
    """Bounds in the unit of the values, NaN where there are none; `note` says why, or is empty."""

    low: float
    high: float
    note: str


def median_interval(values: ArrayLike, seed: int = 0, confidence: float = 0.95) -> Interval:
    """Return the BCa bootstrap interval of the median of `values` (tracks,).

    The same seed gives the same interval. Values that are not finite are left out. Fewer than
    MIN_TRACKS give no interval, equal ones an interval without width; where so many are equal that
    BCa is undefined, it is the percentile interval. The note says all of this, and where the
    tracks are too few for the interval to cover what it promises.
    """
    array = np.asarray(values, dtype=float)
    finite = array[np.isfinite(array)]
    if len(finite) < MIN_TRACKS:
        return Interval(np.nan, np.nan, TOO_FEW)
    if np.ptp(finite) == 0:
        return Interval(float(finite[0]), float(finite[0]), "the same value on every track")
    rough = ROUGH if len(finite) < ENOUGH_TRACKS else ""
    low, high = _bootstrap(finite, seed, confidence, "BCa")
    if np.isfinite([low, high]).all():
        return Interval(low, high, rough)
    low, high = _bootstrap(finite, seed, confidence, "percentile")
    return Interval(low, high, "; ".join(filter(None, [TIED, rough])))


def _bootstrap(
    values: NDArray[np.float64], seed: int, confidence: float, method: Method
) -> tuple[float, float]:
    with warnings.catch_warnings(), np.errstate(invalid="ignore"):
        warnings.simplefilter("ignore", DegenerateDataWarning)  # told by the NaN that it returns
        found = bootstrap(
            (values,),
            np.median,
            n_resamples=RESAMPLES,
            vectorized=True,
            confidence_level=confidence,
            method=method,
            rng=np.random.default_rng(seed),
        ).confidence_interval
    return float(found.low), float(found.high)
