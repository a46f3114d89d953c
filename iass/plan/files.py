"""The files of every step, as the rules of the workflow name them."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from iass.foundation.plugins import ROOT
from iass.plan.cells import Cells, Run, Wildcards

FIGURE_FORMATS = ("pdf", "svg", "png", "csv")
TABLE_FORMATS = ("csv", "md", "tex")
PAGE_FORMATS = ("csv", "md", "html")
LISTEN = "reports/listen"
LISTEN_CODE = ROOT / "iass" / "reporting" / "listen"

T = TypeVar("T")


@dataclass(frozen=True)
class Files:
    """Inputs of the rules, by the wildcards of a job."""

    cells: Cells

    def final_files(self) -> list[str]:
        """Everything that the workflow is asked for."""
        pages = [page for name in self.cells.config.experiments for page in self._pages(name)]
        return [
            *pages,
            "results/scores.parquet",
            "results/scores.csv",
            "reports/tables/skipped.csv",
            *(f"reports/claims.{suffix}" for suffix in PAGE_FORMATS),
            *(f"reports/tables/provenance.{suffix}" for suffix in PAGE_FORMATS),
            *(
                f"reports/tables/published.{e}"
                for e in (*TABLE_FORMATS, "html")
                if self.published()
            ),
            *(self.listening_page() if self.cells.config.listen.tracks else []),
        ]

    def models(self, run: Wildcards | Run) -> list[str]:
        """Model files that a run needs; none for methods that learn nothing."""
        if self.cells.config.methods[run.method].kind != "trained":
            return []
        entry = self.cells.config.experiments[run.experiment]
        owner = self.cells.trained_as(run.method)
        base = f"results/models/{entry.train_on}/{entry.channels}/{owner}"
        return [
            f"{base}/{target}/{run.seed}/model.safetensors"
            for target in self.cells.method_targets(run.experiment, run.dataset, run.method)
        ]

    def weights(self, run: Wildcards | Run) -> list[str]:
        """The receipt of a run's published weights; none for methods without."""
        is_pretrained = self.cells.config.methods[run.method].kind == "pretrained"
        return [f"results/weights/{run.method}.json"] if is_pretrained else []

    def overlap(self, run: Wildcards | Run) -> list[str]:
        """The leakage guard's receipt; none for methods that learn nothing."""
        receipts = {
            "trained": f"results/overlap/{run.experiment}/{run.dataset}.json",
            "pretrained": f"results/overlap/{run.experiment}/{run.dataset}/{run.method}.json",
        }
        kind = self.cells.config.methods[run.method].kind
        return [receipts[kind]] if kind in receipts else []

    def guarded(self, training: Wildcards) -> list[str]:
        """The receipts without which nothing is trained on a data set."""
        entries = self.cells.config.experiments.items()
        users = [name for name, entry in entries if entry.train_on == training.dataset]
        runs = [run for name in users for run in self.cells.runs(name)]
        return list(dict.fromkeys(receipt for run in runs for receipt in self.overlap(run)))

    def train_manifest(self, wildcards: Wildcards) -> str:
        """Manifest of the set that an experiment trains on."""
        entry = self.cells.config.experiments[wildcards.experiment]
        return f"results/data/{entry.train_on}/manifest.json"

    def model_cards(self, experiment: Wildcards) -> list[str]:
        """The model.json of every model of an experiment."""
        runs = self.cells.runs(experiment.experiment)
        return list(dict.fromkeys(card for run in runs for card in self.cards_of(run)))

    def cards_of(self, run: Run) -> list[str]:
        """The model.json of every model that a run needs."""
        return [model.replace("model.safetensors", "model.json") for model in self.models(run)]

    def method_scores(self, wildcards: Wildcards) -> list[str]:
        """Score shards of one method in one experiment."""
        return [
            f"results/shards/{run.folder}/shard{shard}.parquet"
            for run in self.cells.runs(wildcards.experiment)
            if run.method == wildcards.method
            for shard in range(self.cells.config.datasets[run.dataset].shards)
        ]

    def scores(self, _: Wildcards | None = None) -> list[str]:
        """The score table of every method of every experiment."""
        return [
            f"results/scores/{name}/{method}.parquet"
            for name, entry in self.cells.config.experiments.items()
            for method in entry.methods
            if any(run.method == method for run in self.cells.runs(name))
        ]

    def activities(self, wildcards: Wildcards) -> list[str]:
        """Predicted activity of all networks on one data set."""
        return [
            f"results/activity/{run.folder}/shard{shard}.parquet"
            for run in self.cells.runs(wildcards.experiment, wildcards.dataset)
            if self._has_learned(run)
            for shard in range(self.cells.config.datasets[run.dataset].shards)
        ]

    def cost_records(self, wildcards: Wildcards) -> list[str]:
        """What is known of the costs of all methods on one data set."""
        runs = list(self.cells.runs(wildcards.experiment, wildcards.dataset))
        shards = range(self.cells.config.datasets[wildcards.dataset].shards)
        return [
            *(card for run in runs for card in self.cards_of(run)),
            *(f"results/benchmarks/separate/{r.folder}/shard{s}.tsv" for r in runs for s in shards),
        ]

    def claimed(self, _: Wildcards | None = None) -> list[str]:
        """What the claims are checked on besides scores: labels, and what training sets hold."""
        experiments = self.cells.config.experiments.values()
        trained = {entry.train_on for entry in experiments if entry.train_on}
        tested = {dataset for _, dataset in self.cells.scored()}
        manifests = [f"results/data/{name}/manifest.json" for name in sorted(trained)]
        return [*manifests, *(f"results/data/{name}/labels.parquet" for name in sorted(tested))]

    def published(self, _: Wildcards | None = None) -> list[str]:
        """Tables of published numbers that come with this project."""
        return [os.path.relpath(path) for path in sorted(ROOT.glob("reports/published/*.csv"))]

    def references(self, _: Wildcards | None = None) -> list[str]:
        """The excerpts of mixtures and references that the listening page plays."""
        return [f"results/references/{name}/{test}" for name, test in self.cells.listened()]

    def excerpts(self, _: Wildcards | None = None) -> list[str]:
        """The excerpts of estimates that the listening page plays, of the first seeds."""
        return [
            f"results/excerpts/{run.folder}/shard{shard}"
            for name, dataset in self.cells.listened()
            for run in self.cells.runs(name, dataset)
            if run.seed == self.cells.seeds(name, run.method)[0]
            for shard in range(self.cells.config.datasets[dataset].shards)
        ]

    def listening_page(self) -> list[str]:
        """The files of the listening page, save those of its songs."""
        names = (path.name for path in sorted((LISTEN_CODE / "static").iterdir()))
        return [f"{LISTEN}/{name}" for name in (*names, "songs.js")]

    def _pages(self, experiment: str) -> list[str]:
        """Figures and tables of an experiment; those without anything to draw are not asked for."""
        entry = self.cells.config.experiments[experiment]
        runs = list(self.cells.runs(experiment))
        tested = [d for d in entry.test_on if any(run.dataset == d for run in runs)]
        learned = [d for d in tested if any(r.dataset == d and self._has_learned(r) for r in runs)]
        is_trained = any(self.models(run) for run in runs)
        sources = {"scores": tested, "activity": learned, "costs": tested}
        sources["models"] = [entry.train_on] if is_trained and entry.train_on else []
        figures = [f"{d}_{figure}" for reads, figure in list_figures() for d in sources[reads]]
        return [
            *(f"reports/figures/{experiment}_{f}.{e}" for f in figures for e in FIGURE_FORMATS),
            *(f"reports/tables/{experiment}_{d}_sdr.{e}" for d in tested for e in TABLE_FORMATS),
        ]

    def _has_learned(self, run: Run) -> bool:
        """Whether it is a run of a network, which may predict activity."""
        return bool(self.models(run) or self.weights(run))

    def flag_estimates(self, output: T, temp: Callable[[T], T]) -> T:
        """Mark an output as temporary unless the config keeps estimates."""
        return output if self.cells.config.keep_estimates else temp(output)


def list_figures() -> list[tuple[str, str]]:
    """Return the folder (what is drawn from) and the name of every figure; one file each."""
    figures = (ROOT / "iass" / "reporting" / "figures").glob("*/*.py")
    return sorted((path.parent.name, path.stem) for path in figures if path.stem != "__init__")
