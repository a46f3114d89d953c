"""The cells of a result table: every method with every target, run or not."""

from dataclasses import dataclass

import pandas as pd

from iass.reporting.context import Context

KEYS = ["method", "target"]
_FIRST = [
    "experiment", "dataset", "method", "kind", "target", "metric", "state", "median", "low", "high",
    "q25", "q75", "is_best", "is_second",
]  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One method on one target: median over tracks with its interval in dB, and what it rests on.

    The bounds are NaN where the tracks are too few. The counts of tracks are 0 where the method was
    not run on the target; `tracks_trained_on` are those of the scored ones that the method learned
    from, `tracks_erratum` those with a known fault.
    """

    method: str
    target: str
    median: float
    low: float
    high: float
    interval_note: str
    tracks_scored: int
    tracks_failed: int
    tracks_trained_on: int
    tracks_erratum: int
    reason: str
    is_best: bool
    is_second: bool

    @property
    def tracks(self) -> int:
        """Number of tracks that were tried."""
        return self.tracks_scored + self.tracks_failed


def complete_summary(summary: pd.DataFrame, metric: str, context: Context) -> pd.DataFrame:
    """Return a summary of one metric with a row for every method and target of the context.

    Rows follow the context's order. New columns: kind, state ("scored", "not scored" or "not
    run"), is_best and is_second, the systems with the highest and the next median on the target,
    and data, what the data set is, so that a table that travels alone still says so.
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
        interval_note=rows["interval_note"].fillna(""),
    )
    counts = [column for column in rows.columns if column.startswith(("tracks", "frames", "seeds"))]
    rows[counts] = rows[counts].fillna(0).astype("int64")
    places = _rank_systems(rows, context)
    rows = rows.assign(is_best=places == 1, is_second=places == 2)
    return rows[[*_FIRST, *counts, "reason", "interval_note", "data"]]


def list_cells(rows: pd.DataFrame) -> dict[tuple[str, str], Cell]:
    """Return the cells of a completed summary by method and target."""
    fields = list(Cell.__dataclass_fields__)
    cells = (Cell(*row) for row in rows[fields].itertuples(index=False, name=None))
    return {(cell.method, cell.target): cell for cell in cells}


def _describe_state(rows: pd.DataFrame) -> pd.Series:
    state = rows["median"].notna().map({True: "scored", False: "not scored"})
    return state.where(rows["tracks_scored"].notna(), "not run")


def _rank_systems(rows: pd.DataFrame, context: Context) -> pd.Series:
    """Return the place of each system on its target, NaN for all else; equal ones share one."""
    systems = rows["median"].where(rows["method"].isin(context.systems))
    return systems.groupby(rows["target"]).rank(ascending=False, method="min")
