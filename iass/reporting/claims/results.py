"""The results of one experiment on one data set, as the tests of the claims ask for them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from iass.preparation.activity import ACTIVE
from iass.preparation.manifest import read_manifest
from iass.reporting.claims.claim import Claims, Role
from iass.reporting.claims.roles import find_method
from iass.reporting.claims.verdict import DECIBELS, NOT_RUN, UNDECIDED, Finding
from iass.reporting.context import FAULTY, HEARD, MASK, Context, select_experiment
from iass.reporting.job import MethodFacts, Page, ReportJob
from iass.reporting.tracks import tabulate_experiment
from iass.statistics.pairs import compare_all

METRIC = "SDR"


@dataclass(frozen=True)
class Results:
    """One experiment on one data set.

    `scores` are all rows of the experiment, `tracks` its track table, one value per method, target
    and track, and `pairs` every method against every other, corrected over the whole experiment.
    """

    page: Page
    margin_db: float
    roles: Mapping[str, Role]
    facts: Mapping[str, MethodFacts]
    scores: pd.DataFrame
    tracks: pd.DataFrame
    pairs: pd.DataFrame

    @property
    def context(self) -> Context:
        """Names of the experiment, the data set, its methods and targets."""
        return self.page.context

    def find_method(self, role: str) -> str:
        """Return the method that fills a role. NotRunError says why none does."""
        return find_method(role, self.roles, self.context.methods, self.facts)

    def find_pairs(self, pairs: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
        """Return the methods that fill pairs of roles. NotRunError says why one does not."""
        return [(self.find_method(first), self.find_method(second)) for first, second in pairs]

    def get_values(self, method: str, target: str) -> "pd.Series[float]":
        """Return the SDR of each track, dB, without those that have none."""
        return self._get_cell(self.tracks, method, target)["value"]

    def get_all_frames(self, method: str, target: str) -> "pd.Series[float]":
        """Return the same over all frames in which the target sounds, gated to silence or not."""
        whole = tabulate_experiment(self.scores, [METRIC], "target")
        return self._get_cell(whole, method, target)["value"]

    def compare(self, first: str, second: str, target: str) -> Finding:
        """Return first - second on the tracks that have both, not yet judged.

        Not run where a method has no score at all.
        """
        found = Finding(NOT_RUN, first, second, target)
        for method in (first, second):
            if self.get_values(method, target).empty:
                return replace(found, note=f"{method} has no score on {target}")
        row, sign = self._find_pair(first, second, target)
        bounds = sorted(sign * row[bound] for bound in ("low", "high"))
        return replace(
            found,
            verdict=UNDECIDED,
            n=int(row["tracks"]),
            estimate=sign * row["difference"],
            low=bounds[0],
            high=bounds[1],
            unit=DECIBELS,
            p=row["p"],
            p_corrected=row["p_holm"],
            marks=self.mark([first, second], [target]),
            note=row["note"],
        )

    def mark(self, methods: Sequence[str], targets: Sequence[str]) -> str:
        """Return the marks of the numbers of these methods and targets."""
        cells = [self._get_cell(self.tracks, m, t) for m in methods for t in targets]
        rows = pd.concat(cells)
        return HEARD * bool(rows["trained_on"].any()) + FAULTY * bool(rows["erratum"].any())

    def measure_activity(self, target: str) -> "pd.Series[float]":
        """Return the share of the time in which a target plays, by track."""
        labels = pd.read_parquet(self.page.labels, filters=[("target", "==", target)])
        is_active = labels["confidence"].ge(ACTIVE).astype(float)
        return is_active.groupby(labels["track"]).mean()

    def count_training_songs(self) -> dict[str, int]:
        """Return in how many training songs each target sounds."""
        songs = read_manifest(self.page.manifest).select("train") if self.page.manifest else []
        return {t: sum(t in song.targets for song in songs) for t in self.context.targets}

    def _find_pair(self, first: str, second: str, target: str) -> tuple[pd.Series, int]:
        """Return the row of two methods, and -1 where it has them the other way round."""
        rows = self.pairs[
            (self.pairs["dataset"] == self.context.dataset)
            & (self.pairs["target"] == target)
            & self.pairs["first"].isin([first, second])
            & self.pairs["second"].isin([first, second])
        ]
        return rows.iloc[0], 1 if rows.iloc[0]["first"] == first else -1

    def _get_cell(self, tracks: pd.DataFrame, method: str, target: str) -> pd.DataFrame:
        rows = tracks[
            (tracks["dataset"] == self.context.dataset)
            & (tracks["method"] == method)
            & (tracks["target"] == target)
        ]
        return rows.dropna(subset="value").set_index("track")


def gather_results(scores: pd.DataFrame, job: ReportJob, claims: Claims) -> list[Results]:
    """Return the results of every page of a job; an experiment's tests are corrected together."""
    tables: dict[str, tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]] = {}
    results = []
    for page in job.pages:
        context = page.context
        if context.experiment not in tables:
            rows = select_experiment(scores, context)
            tracks = tabulate_experiment(rows, [METRIC], MASK)
            tables[context.experiment] = (rows, tracks, compare_all(tracks, context.methods))
        found = tables[context.experiment]
        results.append(Results(page, job.margin_db, claims.roles, job.methods, *found))
    return results
