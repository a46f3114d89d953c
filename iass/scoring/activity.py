"""How well instrument activity is predicted, frame by frame: the second task of IASS.

Reference are the labels of prepare (METHOD section 2). Frames count alike, each once; values are
shares from 0 to 1, NaN where a metric has nothing to divide by.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from iass.foundation.errors import UserError
from iass.preparation.activity import ACTIVE, LABEL_HOP

ACTIVITY_METRICS = (
    "activity_precision",
    "activity_recall",
    "activity_F1",
    "activity_F1_always_on",
    "activity_AP",
    "activity_ROC_AUC",
)
OPEN = 0.5  # gate from which a frame counts as open

_NO_LABEL = np.zeros(0, np.float32)
_NAN = float("nan")


def align_labels(
    times_s: NDArray[Any], confidence: NDArray[Any], rate_hz: int
) -> NDArray[np.bool_]:
    """Return whether the target plays at `times_s` (frames,), s, by the label nearest in time.

    `confidence` (labels,) is of frames of LABEL_HOP samples at `rate_hz`, label i centred at i *
    LABEL_HOP, active from ACTIVE. Midway between two labels the even one counts, as far as
    times are exact; a frame nearest to no label, before the first or beyond the last, is inactive.
    """
    nearest = np.rint(times_s * rate_hz / LABEL_HOP).astype(np.int64)
    is_labelled = (nearest >= 0) & (nearest < len(confidence))
    reference = np.zeros(len(times_s), np.bool_)
    reference[is_labelled] = confidence[nearest[is_labelled]] >= ACTIVE
    return reference


def compute_f1(predicted: NDArray[np.bool_], reference: NDArray[np.bool_]) -> float:
    """Return the F1 score of active frames, 0 to 1: 2 TP / (2 TP + FP + FN); NaN without any.

    A constant "always on" reaches 2 p / (1 + p) where a share p of the frames is active, so no F1
    means much without that number beside it.
    """
    hits = int((predicted & reference).sum())
    return _divide(2 * hits, int(predicted.sum()) + int(reference.sum()))


def score_activity(
    probability: NDArray[Any], gate: NDArray[Any], reference: NDArray[np.bool_], where: str
) -> dict[str, float]:
    """Return the ACTIVITY_METRICS of one track and target by name, all inputs (frames,).

    Precision, recall and F1 are of the gate, hence at the method's own threshold, beside the F1 of
    a gate that is always open. Of the probabilities: average precision, the sum of precision times
    gain in recall over all thresholds, without interpolation; and area under the ROC curve, the
    share of (active, inactive) pairs in right order, ties counting half. NaN: precision with no
    gate open, recall and average precision with no frame active, F1 with neither, area unless
    there are both active and inactive frames. UserError names `where` and a value not finite.
    """
    _check_finite(probability, "probability", where)
    _check_finite(gate, "gate", where)
    is_open = gate >= OPEN
    hits = int((is_open & reference).sum())
    values = (
        _divide(hits, int(is_open.sum())),
        _divide(hits, int(reference.sum())),
        compute_f1(is_open, reference),
        compute_f1(np.ones_like(reference), reference),
        _compute_average_precision(probability, reference),
        _compute_roc_auc(probability, reference),
    )
    return dict(zip(ACTIVITY_METRICS, values, strict=True))


def score_track_activity(
    predicted: pd.DataFrame, confidences: Mapping[str, NDArray[Any]], rate_hz: int, where: str
) -> list[tuple[str, str, float]]:
    """Return (target, metric, value) of one track for every target in its predicted activity.

    `predicted` has the columns target, frame_s, probability and gate as `separate` writes them, no
    rows if the method predicts none; `confidences` are the track's labels (labels,) by target at
    `rate_hz`. A target without labels never plays. UserError as in `score_activity`.
    """
    scores = []
    for target, rows in predicted.groupby("target", sort=False):
        place = f"{where}, target '{target}'"
        times_s, probability, gate = (
            rows[column].to_numpy(np.float64) for column in ("frame_s", "probability", "gate")
        )
        _check_finite(times_s, "frame_s", place)
        reference = align_labels(times_s, confidences.get(str(target), _NO_LABEL), rate_hz)
        values = score_activity(probability, gate, reference, place)
        scores += [(str(target), metric, value) for metric, value in values.items()]
    return scores


def _compute_average_precision(probability: NDArray[Any], reference: NDArray[np.bool_]) -> float:
    if not reference.any():
        return _NAN
    precision = float(average_precision_score(reference, probability))
    return min(precision, 1.0)  # rounding of the sum may exceed it by an epsilon


def _compute_roc_auc(probability: NDArray[Any], reference: NDArray[np.bool_]) -> float:
    if reference.all() or not reference.any():
        return _NAN
    return float(roc_auc_score(reference, probability))


def _divide(part: int, whole: int) -> float:
    return part / whole if whole else _NAN


def _check_finite(values: NDArray[Any], name: str, where: str) -> None:
    if not np.isfinite(values).all():
        first = int(np.argmin(np.isfinite(values)))
        raise UserError(
            f"{where}: the predicted activity has a NaN or infinite {name} in frame {first}; "
            "correct the method and separate again."
        )
