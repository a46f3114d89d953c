"""How well instrument activity is predicted, frame by frame."""

import numpy as np
from numpy.typing import NDArray


def compute_f1(predicted: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """Return the F1 score of active frames, 0 to 1: 2 TP / (2 TP + FP + FN); NaN without any.

    A constant "always on" reaches 2 p / (1 + p) where a share p of the frames is active, so no F1
    means much without that number beside it.
    """
    hits = int((predicted & reference).sum())
    counted = int(predicted.sum()) + int(reference.sum())
    return 2 * hits / counted if counted else float("nan")
