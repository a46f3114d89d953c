"""museval's score files: one JSON file per track, with frames per target.

The layout is that of museval's TrackStore (Stöter, Liutkus, Ito: The 2018 Signal Separation
Evaluation Campaign): {"targets": [{"name", "frames": [{"time", "duration", "metrics"}]}]}, s and
dB. museval writes a bare NaN, which is not JSON; here an undefined value is null, which museval's
EvalStore and MethodStore read as NaN.
"""

import math
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, FiniteFloat, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.files import write_json
from iass.scoring.table import METRICS, TAIL

VERSION = "0.4.1-compatible (iass-bench)"
STEP_DB = Decimal(".00001")  # dB; museval rounds to it
NO_VALUE = "museval gives no value in this frame"


class _Model(BaseModel):
    model_config = ConfigDict(strict=True)


class _Metrics(_Model):
    SDR: float | None
    ISR: float | None
    SIR: float | None
    SAR: float | None


class _Frame(_Model):
    time: FiniteFloat
    metrics: _Metrics


class _Target(_Model):
    name: str
    frames: list[_Frame]


class _Track(_Model):
    targets: list[_Target]


def write_museval_json(path: Path, scores: pd.DataFrame, window_s: float) -> bool:
    """Write the frames of one method's table of one track; return whether there are any.

    Only rows of museval's metrics and mask that belong to a whole frame are written, targets in
    the order of their first row, values in dB rounded as museval does; undefined and infinite
    values and metrics that were not computed are null. A track without frames gets no file (and
    loses an old one), for museval would stop at it. ValueError if a frame has two values of one
    metric.
    """
    is_frame = np.isfinite(scores["frame_s"]) & (scores["reason"] != TAIL)
    is_ours = (scores["mask"] == "museval") & scores["metric"].isin(METRICS)
    frames = scores[is_frame & is_ours]
    if frames.empty:
        path.unlink(missing_ok=True)
        return False
    targets = [
        {"name": name, "frames": _list_frames(frames[frames["target"] == name], window_s)}
        for name in frames["target"].unique()
    ]
    write_json(path, {"museval_version": VERSION, "targets": targets})
    return True


def read_museval_json(path: Path) -> pd.DataFrame:
    """Return a track's scores: target, metric, frame_s (s), value (dB), reason.

    NaN, null and infinities become NaN with a reason. UserError names a file that is not museval's.
    """
    try:
        track = _Track.model_validate_json(_read_text(path))
    except ValidationError as error:
        raise _refuse(path, _describe(error)) from None
    frames = [(target.name, frame) for target in track.targets for frame in target.frames]
    if not all(target.frames for target in track.targets) or not frames:
        raise _refuse(path, "a target has no frames" if track.targets else "it has no targets")
    if len({(name, frame.time) for name, frame in frames}) < len(frames):
        raise _refuse(path, "a target has two frames at one time")
    return _tabulate(frames)


def _list_frames(rows: pd.DataFrame, window_s: float) -> list[dict[str, Any]]:
    table = rows.pivot(index="frame_s", columns="metric", values="value").reindex(columns=METRICS)
    return [
        {
            "time": time,
            "duration": float(window_s),
            "metrics": dict(zip(METRICS, map(_quantise, values), strict=True)),
        }
        for time, values in zip(table.index.tolist(), table.to_numpy().tolist(), strict=True)
    ]


def _quantise(value_db: float) -> float | None:
    """Round the binary value, half to even, as museval's TrackStore._q."""
    return float(Decimal(value_db).quantize(STEP_DB)) if math.isfinite(value_db) else None


def _tabulate(frames: Sequence[tuple[str, _Frame]]) -> pd.DataFrame:
    """Return one row per frame and metric of named targets' frames."""
    metrics = [frame.metrics for _, frame in frames]
    values = np.array([[m.SDR, m.ISR, m.SIR, m.SAR] for m in metrics], dtype=float).ravel()
    is_defined = np.isfinite(values)
    return pd.DataFrame(
        {
            "target": np.repeat([name for name, _ in frames], len(METRICS)),
            "metric": np.tile(METRICS, len(frames)),
            "frame_s": np.repeat([frame.time for _, frame in frames], len(METRICS)),
            "value": np.where(is_defined, values, np.nan),
            "reason": np.where(is_defined, "", NO_VALUE),
        }
    )


def _read_text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except OSError as error:
        raise _refuse(path, error.strerror or "it cannot be read") from None
    except UnicodeDecodeError:
        raise _refuse(path, "it is not UTF-8") from None


def _describe(error: ValidationError) -> str:
    """Return the first fault in words, with its place such as targets.0.frames.3.time."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}" if place else first["msg"]


def _refuse(path: Path, fault: str) -> UserError:
    return UserError(
        f"{path} is not a score file of museval ({fault}); remove it or write it again."
    )
