"""The cells of the comparison: which method runs on what, with which seed, and what stays empty."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from typing import Protocol as TypingProtocol

from iass.foundation.card import Card
from iass.foundation.config import Config, Protocol
from iass.foundation.plugins import method_module
from iass.plan.declared import find_literal

UNSEEDED = "unseeded"  # path part of methods that learn nothing


class Wildcards(TypingProtocol):
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

    def protocol(self, experiment: str, dataset: str) -> Protocol:
        """Scoring protocol of a data set in an experiment: the experiment's, else the card's."""
        return self.config.experiments[experiment].protocol or self.cards[dataset].protocol

    def method_targets(self, experiment: str, dataset: str, method: str) -> list[str]:
        """The targets that a method can separate there: a network needs to have learned them.

        A joint score of fewer targets would not compare with others, so there it is all or none.
        """
        targets = self.targets(experiment, dataset)
        known = self._known_targets(experiment, method)
        learned = targets if known is None else [t for t in targets if t in known]
        is_joint = self.protocol(experiment, dataset) == "joint"
        return [] if is_joint and learned != targets else learned

    def trained_as(self, method: str) -> str:
        """The method whose training a method uses: itself, unless it has the weights of another."""
        return self.config.methods[method].weights_of or method

    def find_declared(self, method: str, attribute: str) -> Any:
        """What the file of a pretrained method declares of its weights; None for other kinds."""
        entry = self.config.methods[method]
        if entry.kind != "pretrained":
            return None
        return find_literal(method_module(method, entry), "Method", attribute)

    def _known_targets(self, experiment: str, method: str) -> Collection[str] | None:
        """The targets that a network has learned; None for a method that learns nothing."""
        train_on = self.config.experiments[experiment].train_on
        if self.config.methods[method].kind == "trained" and train_on is not None:
            return self.cards[train_on].targets
        declared: Collection[str] | None = self.find_declared(method, "targets")
        return declared

    def skipped(self) -> list[Skipped]:
        """Cells that stay empty, with the reason."""
        return [
            Skipped(name, dataset, method, target, self._explain_gap(name, dataset, method))
            for name, experiment in self.config.experiments.items()
            for dataset in experiment.test_on
            for method in experiment.methods
            for target in self.targets(name, dataset)
            if target not in self.method_targets(name, dataset, method)
        ]

    def _explain_gap(self, experiment: str, dataset: str, method: str) -> str:
        known = self._known_targets(experiment, method) or ()
        missing = ", ".join(t for t in self.targets(experiment, dataset) if t not in known)
        if self.config.methods[method].kind == "pretrained":
            return f"no weights: {method} was not trained for {missing}"
        train_on = self.config.experiments[experiment].train_on
        return f"no model: {train_on} has no training music for {missing}"

    def seeds(self, experiment: str, method: str) -> list[str]:
        """Path parts of a method's seeds."""
        if self.config.methods[method].kind != "trained":
            return [UNSEEDED]
        return [f"seed{seed}" for seed in self.config.experiments[experiment].seeds]

    def all_runs(self) -> Iterator[Run]:
        """All runs of all experiments."""
        return (run for experiment in self.config.experiments for run in self.runs(experiment))

    def listened(self) -> list[tuple[str, str]]:
        """Experiments and data sets of which the listening page may play a track."""
        listen = self.config.listen
        return [
            (name, dataset)
            for name, dataset in self.scored()
            if (listen.private or self.cards[dataset].publishable)
            and listen.names.get(dataset) != []
        ]

    def scored(self) -> list[tuple[str, str]]:
        """Experiments and the data sets on which any method of theirs runs."""
        return list(dict.fromkeys((run.experiment, run.dataset) for run in self.all_runs()))

    def runs(self, experiment: str, dataset: str | None = None) -> Iterator[Run]:
        """All runs of an experiment, or those on one data set."""
        entry = self.config.experiments[experiment]
        for test_set in [dataset] if dataset else entry.test_on:
            for method in entry.methods:
                if self.method_targets(experiment, test_set, method):
                    for seed in self.seeds(experiment, method):
                        yield Run(experiment, test_set, method, seed)
