"""The cells of a result table: every method with every target, run or not."""

from dataclasses import dataclass

import pandas as pd

from iass.reporting.context import Context
from iass.statistics.summary import GROUP

KEYS = ["method", "target"]


@dataclass(frozen=True)
class Cell:
    """One method on one target: median and quartiles over tracks in dB, and what they rest on.

    The counts of tracks are 0 where the method was not run on the target; `tracks_trained_on` are
    those of the scored ones that the method learned from.
    """

    method: str
    target: str
    median: float
    q25: float
    q75: float
    tracks_scored: int
    tracks_failed: int
    tracks_trained_on: int
    reason: str
    is_best: bool

    @property
    def tracks(self) -> int:
        """Number of tracks that were tried."""
        return self.tracks_scored + self.tracks_failed


def complete_summary(summary: pd.DataFrame, metric: str, context: Context) -> pd.DataFrame:
    """Return a summary of one metric with a row for every method and target of the context.

    Rows follow the context's order. New columns: kind, state ("scored", "not scored" or "not
    run"), is_best, the system with the highest median on the target, and data, what the data
    set is, so that a table that travels alone still says so.
    """
    wanted = pd.MultiIndex.from_product([context.methods, context.targets], names=KEYS)
    rows = summary[summary["metric"] == metric].set_index(KEYS).reindex(wanted).reset_index()
    rows = rows.assign(
        experiment=context.experiment,
        dataset=context.dataset,
        metric=metric,
        data=context.data,
        kind=rows["method"].map(dict(context.kinds)),
        state=_describe_state(rows),
        reason=rows["reason"].fillna(""),
    )
    counts = [column for column in rows.columns if column.startswith(("tracks", "frames", "seeds"))]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    rows["is_best"] = _mark_best(rows, context)
    first = [*GROUP[:3], "kind", *GROUP[3:], "state", "median", "q25", "q75", "is_best"]
    return rows[[*first, *counts, "reason", "data"]]


def list_cells(rows: pd.DataFrame) -> dict[tuple[str, str], Cell]:
    """Return the cells of a completed summary by method and target."""
    fields = list(Cell.__dataclass_fields__)
    cells = (Cell(*row) for row in rows[fields].itertuples(index=False, name=None))
    return {(cell.method, cell.target): cell for cell in cells}


def _describe_state(rows: pd.DataFrame) -> pd.Series:
    state = rows["median"].notna().map({True: "scored", False: "not scored"})
    return state.where(rows["tracks_scored"].notna(), "not run")


def _mark_best(rows: pd.DataFrame, context: Context) -> pd.Series:
    systems = rows["median"].where(rows["method"].isin(context.systems))
    best = systems.groupby(rows["target"]).transform("max")
    return systems.notna() & (systems == best)
