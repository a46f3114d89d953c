"""The files of every step, as the rules of the workflow name them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from iass.foundation.plugins import ROOT
from iass.plan.cells import Cells, Run, Wildcards

FIGURE_FORMATS = ("pdf", "svg", "png", "csv")
TABLE_FORMATS = ("csv", "md", "tex")

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
        ]

    def models(self, run: Wildcards | Run) -> list[str]:
        """Model files that a run needs; none for methods that learn nothing."""
        if self.cells.config.methods[run.method].kind != "trained":
            return []
        entry = self.cells.config.experiments[run.experiment]
        base = f"results/models/{entry.train_on}/{entry.channels}/{run.method}"
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
            if self.cells.config.methods[run.method].kind in ("trained", "pretrained")
            for shard in range(self.cells.config.datasets[run.dataset].shards)
        ]

    def _pages(self, experiment: str) -> list[str]:
        """Figures and tables of an experiment; those without anything to draw are not asked for."""
        entry = self.cells.config.experiments[experiment]
        runs = list(self.cells.runs(experiment))
        tested = [d for d in entry.test_on if any(run.dataset == d for run in runs)]
        trained = [d for d in tested if any(run.dataset == d and self.models(run) for run in runs)]
        sources = {"scores": tested, "activity": trained}
        sources["models"] = [entry.train_on] if trained and entry.train_on else []
        figures = [
            f"{d}_{f}" for reads, sets in sources.items() for d in sets for f in find_figures(reads)
        ]
        return [
            *(f"reports/figures/{experiment}_{f}.{e}" for f in figures for e in FIGURE_FORMATS),
            *(f"reports/tables/{experiment}_{d}_sdr.{e}" for d in tested for e in TABLE_FORMATS),
        ]

    def flag_estimates(self, output: T, temp: Callable[[T], T]) -> T:
        """Mark an output as temporary unless the config keeps estimates."""
        return output if self.cells.config.keep_estimates else temp(output)


def find_figures(reads: str) -> list[str]:
    """Names of the figures drawn from `reads`: "scores", "models" or "activity"; one file each."""
    folder = ROOT / "iass" / "reporting" / "figures" / reads
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
