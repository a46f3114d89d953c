"""When each target of a song plays, as a table and a picture for people."""

from collections.abc import Mapping
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from iass.foundation.files import replace_file
from iass.foundation.method import Activity
from iass.reporting.style import DARK, PRINT_STYLE, SYSTEM_COLOURS, WIDTH_IN, label_name
from iass.scoring.activity import OPEN

_PANEL_IN = 0.72  # height of a panel
_DPI = 200
_BAR = (-0.3, -0.1)  # of the probability axis: where the open gate is drawn


def write_curves(activities: Mapping[str, Activity], stem: Path, song: str) -> list[Path]:
    """Write <stem>.csv (frame_s, target, probability, gate) and <stem>.png, and return them."""
    files = [stem.with_suffix(".csv"), stem.with_suffix(".png")]
    table = pd.concat([_tabulate(curve, target) for target, curve in activities.items()])
    with replace_file(files[0]) as temporary:
        table.to_csv(temporary, index=False, float_format="%.6g", lineterminator="\n")
    with replace_file(files[1]) as temporary, mpl.rc_context(PRINT_STYLE):
        draw_curves(table, song).savefig(temporary, format="png", dpi=_DPI)
    return files


def draw_curves(table: pd.DataFrame, song: str) -> Figure:
    """Draw the table: a panel per target, the probability as a line and the open gate as a bar."""
    targets = list(table["target"].unique())
    figure = Figure(figsize=(WIDTH_IN, _PANEL_IN * len(targets) + 0.8), layout="constrained")
    axes = figure.subplots(len(targets), 1, sharex=True, squeeze=False)[:, 0]
    for index, (place, target) in enumerate(zip(axes, targets, strict=True)):
        colour = SYSTEM_COLOURS[index % len(SYSTEM_COLOURS)]
        _draw_panel(place, table[table["target"] == target], colour)
        place.set_ylabel(label_name(target).replace(" ", "\n"), rotation=0, ha="right", va="center")
    axes[-1].set_xlabel("time (s)")
    what = "predicted probability that the target plays; bar: gate open"
    figure.suptitle(f"{song}: {what}", fontsize=8, color=DARK, parse_math=False)
    return figure


def _tabulate(curve: Activity, target: str) -> pd.DataFrame:
    columns = {
        "frame_s": np.arange(len(curve.probability)) * curve.hop_s,
        "target": target,
        "probability": curve.probability,
        "gate": curve.gate,
    }
    return pd.DataFrame(columns)


def _draw_panel(axes: Axes, rows: pd.DataFrame, colour: str) -> None:
    times_s, is_open = rows["frame_s"], rows["gate"].to_numpy() >= OPEN
    axes.plot(times_s, rows["probability"], color=colour, linewidth=0.9)
    axes.fill_between(times_s, *_BAR, where=is_open, step="mid", color=colour, linewidth=0)
    axes.set(ylim=(_BAR[0] - 0.04, 1.04), yticks=[0, 1])
    axes.margins(x=0)
