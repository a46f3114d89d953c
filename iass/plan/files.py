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

    def model_cards(self, experiment: Wildcards) -> list[str]:
        """The model.json of every model of an experiment."""
        cards = {
            model.replace("model.safetensors", "model.json"): None
            for run in self.cells.runs(experiment.experiment)
            for model in self.models(run)
        }
        return list(cards)

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
        """Predicted activity of all trained runs on one data set."""
        return [
            f"results/activity/{run.folder}/shard{shard}.parquet"
            for run in self.cells.runs(wildcards.experiment, wildcards.dataset)
            if self.cells.config.methods[run.method].kind == "trained"
            for shard in range(self.cells.config.datasets[run.dataset].shards)
        ]

    def _pages(self, experiment: str) -> list[str]:
        entry = self.cells.config.experiments[experiment]
        trains = any(self.cells.config.methods[m].kind == "trained" for m in entry.methods)
        figures = [f"{d}_{f}" for d in entry.test_on for f in find_figures("scores")]
        if trains:
            figures += [f"{d}_{f}" for d in entry.test_on for f in find_figures("activity")]
            figures += [f"{entry.train_on}_{f}" for f in find_figures("models")]
        return [
            *(f"reports/figures/{experiment}_{f}.{e}" for f in figures for e in FIGURE_FORMATS),
            *(
                f"reports/tables/{experiment}_{d}_{table}.{suffix}"
                for d in entry.test_on
                for table in ("sdr",)
                for suffix in TABLE_FORMATS
            ),
        ]

    def flag_estimates(self, output: T, temp: Callable[[T], T]) -> T:
        """Mark an output as temporary unless the config keeps estimates."""
        return output if self.cells.config.keep_estimates else temp(output)


def find_figures(reads: str) -> list[str]:
    """Names of the figures drawn from `reads`: "scores", "models" or "activity"; one file each."""
    folder = ROOT / "iass" / "reporting" / "figures" / reads
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
