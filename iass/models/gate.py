"""The instrument weight: predicted activity, binarised and smoothed (METHOD sections 1 and 2)."""

import numpy as np
from numpy.typing import NDArray

from iass.foundation.audio import FloatArray
from iass.foundation.errors import UserError


def gate_activity(probability: FloatArray, threshold: float, length: int) -> FloatArray:
    """Return the gate (frames,), 0 or 1: probability above `threshold`, then a median filter."""
    return smooth_gate(probability > threshold, length).astype(np.float32)


def smooth_gate(active: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Return the median of `length` frames around each frame (frames,), reflected at the ends.

    The median of an odd number of binary values is their majority. Any number of frames from one
    up works: a short signal is reflected as often as it takes. UserError if `length` is not odd.
    """
    check_length(length)
    padded = np.pad(active.astype(np.int64), length // 2, mode="reflect")
    votes = np.convolve(padded, np.ones(length, np.int64), mode="valid")
    return votes > length // 2


def check_gate(threshold: float, length: int) -> None:
    """UserError unless `threshold` is a probability and `length` has a middle frame."""
    if not 0 <= threshold <= 1:
        raise UserError(f"options.threshold is {threshold:g}; give a probability from 0 to 1.")
    check_length(length)


def check_length(length: int) -> None:
    """UserError if a filter of `length` frames has no middle frame."""
    if length < 1 or length % 2 == 0:
        raise UserError(f"options.filter_length is {length}; give an odd number of frames.")
