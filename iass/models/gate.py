"""The instrument weight: predicted activity, binarised and smoothed (METHOD sections 1 and 2)."""

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from iass.foundation.audio import FloatArray
from iass.foundation.errors import UserError

Gate = Callable[[FloatArray, float, int], FloatArray]
"""From probabilities (frames,), threshold and filter length to the weight of each frame."""


def gate_activity(probability: FloatArray, threshold: float, length: int) -> FloatArray:
    """Return the gate (frames,), 0 or 1: probability above `threshold`, then a median filter."""
    return smooth_gate(probability > threshold, length).astype(np.float32)


def weigh_activity(probability: FloatArray, threshold: float, length: int) -> FloatArray:
    """Return the probability itself as the weight: nothing is cut off, nothing smoothed."""
    return probability


def ignore_activity(probability: FloatArray, threshold: float, length: int) -> FloatArray:
    """Return a gate that is always open: the mask alone separates."""
    return np.ones_like(probability)


GATES: Mapping[str, Gate] = {
    "hard": gate_activity,
    "soft": weigh_activity,
    "none": ignore_activity,
}
"""Gates by the name that the option `gate` has for them."""


def smooth_gate(active: NDArray[np.bool_], length: int) -> NDArray[np.bool_]:
    """Return the median of `length` frames around each frame (frames,), reflected at the ends.

    The median of an odd number of binary values is their majority. Any number of frames from one
    up works: a short signal is reflected as often as it takes. UserError if `length` is not odd.
    """
    check_length(length)
    padded = np.pad(active.astype(np.int64), length // 2, mode="reflect")
    votes = np.convolve(padded, np.ones(length, np.int64), mode="valid")
    return votes > length // 2


def check_gate(gate: str, threshold: float, length: int) -> None:
    """UserError unless the gate is known, `threshold` a probability, and `length` odd."""
    if gate not in GATES:
        raise UserError(f"options.gate is {gate!r}; choose one of {', '.join(GATES)}.")
    if not 0 <= threshold <= 1:
        raise UserError(f"options.threshold is {threshold:g}; give a probability from 0 to 1.")
    check_length(length)


def check_length(length: int) -> None:
    """UserError if a filter of `length` frames has no middle frame."""
    if length < 1 or length % 2 == 0:
        raise UserError(f"options.filter_length is {length}; give an odd number of frames.")
