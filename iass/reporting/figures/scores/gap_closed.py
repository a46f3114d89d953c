"""Which share of the way from the input to the oracle a method goes, a panel per target.

The input is the config's first bound, the oracle its first oracle. 0 %: no better than the input,
100 %: as good as the oracle. Shares compare songs and instruments that differ in how hard they are.
"""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from iass.foundation.config import Kind
from iass.reporting.context import Context
from iass.reporting.figures.panels import (
    colour_rows,
    draw_absences,
    draw_interval,
    join_limits,
    label_rows,
    list_intervals,
    make_panels,
)
from iass.reporting.figures.parts import (
    FAINT,
    draw_nothing,
    find_marks,
    format_n,
    join_notes,
    read_marks,
    split_targets,
    write_footnote,
    write_marks,
)
from iass.reporting.style import label_name
from iass.reporting.tracks import tabulate_tracks
from iass.statistics.intervals import median_interval

COLUMNS = [
    "target", "method", "kind", "bound", "oracle", "share_percent", "low", "high", "tracks",
    "tracks_left_out", "marks", "note",
]  # fmt: skip
MIN_GAP_DB = 1.0  # dB between input and oracle; a share of less than that says nothing


def tabulate(scores: pd.DataFrame, context: Context) -> pd.DataFrame:
    """Return one row per target and method: the median share in % and its 95 % interval.

    A track's share is (SDR - input's SDR) / (oracle's SDR - input's SDR). Tracks where that gap is
    below MIN_GAP_DB, or one of the three has no SDR, are left out and counted.
    """
    bound, oracle = (_find_first(kind, context) for kind in ("bound", "oracle"))
    if bound is None or oracle is None:
        return pd.DataFrame(columns=COLUMNS)
    tracks = tabulate_tracks(scores, context)
    marks = find_marks(tracks.dropna(subset="value"))
    rows = [
        _summarise_shares(shares) | {"target": target, "method": method}
        for target, part in tracks.groupby("target", sort=False)
        for method, shares in _compute_shares(part, bound, oracle).items()
    ]
    table = pd.DataFrame(rows).reindex(columns=COLUMNS)
    return table.assign(
        kind=table["method"].map(dict(context.kinds)),
        bound=bound,
        oracle=oracle,
        marks=write_marks(table["method"], marks),
    )


def _find_first(kind: Kind, context: Context) -> str | None:
    return next((method for method in context.methods if context.kinds[method] == kind), None)


def _compute_shares(tracks: pd.DataFrame, bound: str, oracle: str) -> pd.DataFrame:
    """Return shares in %, tracks x methods, of the methods that lie between bound and oracle."""
    values = tracks.pivot(index="track", columns="method", values="value")
    values = values.reindex(columns=[*values.columns.union([bound, oracle])])
    gap = values[oracle] - values[bound]
    gains = values.drop(columns=[bound, oracle]).sub(values[bound], axis=0)
    return 100 * gains.div(gap.where(gap >= MIN_GAP_DB), axis=0)


def _summarise_shares(shares: "pd.Series[float]") -> dict[str, object]:
    interval = median_interval(shares.to_numpy(np.float64))
    return {
        "share_percent": shares.median(),
        "low": interval.low,
        "high": interval.high,
        "tracks": int(shares.count()),
        "tracks_left_out": int(shares.isna().sum()),
        "note": interval.note,
    }


def render(data: pd.DataFrame, context: Context) -> Figure:
    """Draw the table of `tabulate`."""
    if not data["share_percent"].notna().any():
        return draw_nothing(context, "no track with an input, an oracle and a method between them")
    bound, oracle = data[["bound", "oracle"]].iloc[0]
    methods = [method for method in context.methods if method not in (bound, oracle)]
    marks = read_marks(data)
    parts = split_targets(data, context)
    titles = [f"{label_name(t)}\n{format_n(rows['tracks'])}" for t, rows in parts.items()]
    figure, panels = make_panels([titles], label_rows(methods, context, marks))
    limits = join_limits(data[["low", "share_percent", "high"]], 0.0, 100.0)
    for axes, rows in zip(panels[0], parts.values(), strict=True):
        axes.set(xlim=limits, xlabel="%")
        axes.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10]))
        _draw_panel(axes, rows, methods, context)
    description = _DESCRIPTION.format(bound=label_name(bound), oracle=label_name(oracle))
    write_footnote(figure, context, f"{description}{join_notes(data['note'])}", marks)
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, methods: list[str], context: Context) -> None:
    for edge in (0.0, 100.0):
        axes.axvline(edge, color=FAINT, linewidth=0.6, linestyle=(0, (4, 2)), zorder=1)
    draw_absences(axes, methods, rows, "share_percent")
    colours = colour_rows(context)
    for method, interval in list_intervals(rows, "low", "share_percent", "high").items():
        draw_interval(axes, methods.index(method), interval, colours[method], colours[method])


_DESCRIPTION = (
    "Share of the way from {bound} (0 %) to {oracle} (100 %) in SDR. Dot: median over n tracks; "
    f"line: its 95 % interval (BCa bootstrap). Tracks with less than {MIN_GAP_DB:g} dB between the "
    "two are left out."
)
