"""Holm's correction of several p (Holm 1979, A simple sequentially rejective procedure)."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def adjust_holm(p: ArrayLike) -> NDArray[np.float64]:
    """Return the corrected `p` (tests,): at most 5 % risk of any false one below 0.05.

    NaN stays NaN and is not counted as a test.
    """
    raw = np.asarray(p, dtype=float)
    adjusted = np.full(raw.shape, np.nan)
    (tested,) = np.nonzero(~np.isnan(raw))
    order = tested[np.argsort(raw[tested], kind="stable")]
    factors = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(raw[order] * factors), 1)
    return adjusted
