"""The cells of the comparison: which method runs on what, with which seed, and what stays empty."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from iass.foundation.card import Card
from iass.foundation.config import Config, Experiment

UNSEEDED = "unseeded"  # path part of methods that learn nothing


class Wildcards(Protocol):
    """The wildcards of a Snakemake job, by attribute."""

    def __getattr__(self, name: str) -> str: ...


@dataclass(frozen=True)
class Run:
    """One method, with one seed where it learns, on the test tracks of one data set."""

    experiment: str
    dataset: str
    method: str
    seed: str
    """"seed<k>", or UNSEEDED."""

    @property
    def folder(self) -> str:
        """Path part that names the run."""
        return f"{self.experiment}/{self.dataset}/{self.method}/{self.seed}"


@dataclass(frozen=True)
class Skipped:
    """A cell that the config asks for and nothing can fill."""

    experiment: str
    dataset: str
    method: str
    target: str
    reason: str


@dataclass(frozen=True)
class Cells:
    """The cells that a checked config asks for; `cards` are those of its data sets."""

    config: Config
    cards: Mapping[str, Card]

    def targets(self, experiment: str, dataset: str) -> list[str]:
        """Targets that an experiment separates on a data set, in the experiment's order."""
        known = self.cards[dataset].targets
        return [t for t in self.config.experiments[experiment].targets if t in known]

    def method_targets(self, experiment: str, dataset: str, method: str) -> list[str]:
        """The targets that a method can separate there: a trained one needs training music."""
        targets = self.targets(experiment, dataset)
        train_on = self.config.experiments[experiment].train_on
        if self.config.methods[method].kind != "trained" or train_on is None:
            return targets
        return [t for t in targets if t in self.cards[train_on].targets]

    def skipped(self) -> list[Skipped]:
        """Cells that stay empty, with the reason."""
        return [
            Skipped(name, dataset, method, target, _missing_reason(experiment, target))
            for name, experiment in self.config.experiments.items()
            for dataset in experiment.test_on
            for method in experiment.methods
            for target in self.targets(name, dataset)
            if target not in self.method_targets(name, dataset, method)
        ]

    def seeds(self, experiment: str, method: str) -> list[str]:
        """Path parts of a method's seeds."""
        if self.config.methods[method].kind != "trained":
            return [UNSEEDED]
        return [f"seed{seed}" for seed in self.config.experiments[experiment].seeds]

    def runs(self, experiment: str, dataset: str | None = None) -> Iterator[Run]:
        """All runs of an experiment, or those on one data set."""
        entry = self.config.experiments[experiment]
        for test_set in [dataset] if dataset else entry.test_on:
            for method in entry.methods:
                if self.method_targets(experiment, test_set, method):
                    for seed in self.seeds(experiment, method):
                        yield Run(experiment, test_set, method, seed)


def _missing_reason(experiment: Experiment, target: str) -> str:
    return f"no model: {experiment.train_on} has no target {target}"
