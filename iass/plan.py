"""What the config asks for: every cell to compute, the files of each step, and what is skipped.

The Snakefile asks this module for its targets; it holds all decisions that a rule must not make.
Paths are relative to the working directory of the workflow.
"""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Protocol as TypingProtocol
from typing import TypeVar

from iass.foundation import config as configuration
from iass.foundation.card import Card
from iass.foundation.code import hash_code
from iass.foundation.config import Config, DatasetEntry, Experiment, MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.plugins import (
    ROOT,
    check_plugin,
    dataset_module,
    load_card,
    method_module,
)

T = TypeVar("T")
UNSEEDED = "unseeded"  # path part of methods that learn nothing
FIGURE_FORMATS = ("pdf", "svg", "png", "csv")
TABLE_FORMATS = ("csv", "md", "tex")
STEP_MODULES = {
    "prepare": "iass.preparation.run",
    "train": "iass.training.run",
    "separate": "iass.separation.run",
    "score": "iass.scoring.run",
    "collect": "iass.scoring.collect",
    "figure": "iass.reporting.draw",
    "table": "iass.reporting.write",
}


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


class Plan:
    """The jobs of a checked config. UserError at construction names the config key at fault."""

    def __init__(self, config: Config, where: str) -> None:
        self.config = config
        self.where = where
        _check_plugins(config, where)
        self.cards = {name: load_card(name, entry) for name, entry in config.datasets.items()}
        _check_experiments(config, self.cards, where)

    @property
    def data_dir(self) -> str:
        """Folder of all large files: IASS_DATA, or the config's `data_dir`."""
        return os.environ.get("IASS_DATA", self.config.data_dir)

    @property
    def gpus_per_training(self) -> int:
        """GPU slots that a training takes: one where there is a GPU, else none."""
        return min(self.gpus, 1)

    def flag_estimates(self, output: T, temp: Callable[[T], T]) -> T:
        """Mark an output as temporary unless the config keeps estimates."""
        return output if self.config.keep_estimates else temp(output)

    @cached_property
    def gpus(self) -> int:
        """Number of visible GPUs, counted without importing torch."""
        return count_gpus()

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

    def skipped_cells(self, _: Wildcards) -> str:
        """The skipped cells as JSON."""
        return json.dumps([asdict(cell) for cell in self.skipped()])

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

    # --- files, for the rules -------------------------------------------------------------

    def final_files(self) -> list[str]:
        """Everything that the workflow is asked for."""
        pages = [page for name in self.config.experiments for page in self._pages(name)]
        return [
            *pages,
            "results/scores.parquet",
            "results/scores.csv",
            "reports/tables/skipped.csv",
        ]

    def models(self, run: Wildcards | Run) -> list[str]:
        """Model files that a run needs; none for methods that learn nothing."""
        if self.config.methods[run.method].kind != "trained":
            return []
        entry = self.config.experiments[run.experiment]
        base = f"results/models/{entry.train_on}/{entry.channels}/{run.method}"
        return [
            f"{base}/{target}/{run.seed}/model.safetensors"
            for target in self.method_targets(run.experiment, run.dataset, run.method)
        ]

    def model_cards(self, experiment: Wildcards) -> list[str]:
        """The model.json of every model of an experiment."""
        cards = {
            model.replace("model.safetensors", "model.json"): None
            for run in self.runs(experiment.experiment)
            for model in self.models(run)
        }
        return list(cards)

    def method_scores(self, wildcards: Wildcards) -> list[str]:
        """Score shards of one method in one experiment."""
        return [
            f"results/shards/{run.folder}/shard{shard}.parquet"
            for run in self.runs(wildcards.experiment)
            if run.method == wildcards.method
            for shard in range(self.config.datasets[run.dataset].shards)
        ]

    def scores(self, _: Wildcards | None = None) -> list[str]:
        """The score table of every method of every experiment."""
        return [
            f"results/scores/{name}/{method}.parquet"
            for name, entry in self.config.experiments.items()
            for method in entry.methods
            if any(run.method == method for run in self.runs(name))
        ]

    def activities(self, wildcards: Wildcards) -> list[str]:
        """Predicted activity of all trained runs on one data set."""
        return [
            f"results/activity/{run.folder}/shard{shard}.parquet"
            for run in self.runs(wildcards.experiment, wildcards.dataset)
            if self.config.methods[run.method].kind == "trained"
            for shard in range(self.config.datasets[run.dataset].shards)
        ]

    def _pages(self, experiment: str) -> list[str]:
        entry = self.config.experiments[experiment]
        trains = any(self.config.methods[m].kind == "trained" for m in entry.methods)
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

    # --- parameters, for the rules --------------------------------------------------------

    def dataset_entry(self, wildcards: Wildcards) -> str:
        """The config entry of a data set as JSON, without what changes no file of it."""
        entry = self.config.datasets[wildcards.dataset]
        return entry.model_dump_json(exclude={"shards"})

    def dataset_folder(self, wildcards: Wildcards) -> str:
        """Folder of a data set's large files."""
        return f"{self.data_dir}/{wildcards.dataset}"

    def method_entry(self, wildcards: Wildcards) -> str:
        """What separating with a method depends on, as JSON."""
        return self.config.methods[wildcards.method].model_dump_json(exclude={"train", "env"})

    def trained_entry(self, wildcards: Wildcards) -> str:
        """What training a method depends on, as JSON."""
        return self.config.methods[wildcards.method].model_dump_json(exclude={"env"})

    def run_targets(self, run: Wildcards) -> str:
        """Names of a run's targets, separated by commas."""
        return ",".join(self.method_targets(run.experiment, run.dataset, run.method))

    def channels(self, wildcards: Wildcards) -> str:
        """`mono` or `stereo`, of an experiment."""
        return self.config.experiments[wildcards.experiment].channels

    def protocol(self, wildcards: Wildcards) -> str:
        """Scoring protocol of a data set in an experiment."""
        entry = self.config.experiments[wildcards.experiment]
        return entry.protocol or self.cards[wildcards.dataset].protocol

    def shard_count(self, wildcards: Wildcards) -> int:
        """Number of jobs that share a data set's test tracks."""
        return self.config.datasets[wildcards.dataset].shards

    def scoring_entry(self, _: Wildcards) -> str:
        """The scoring section as JSON."""
        return self.config.scoring.model_dump_json()

    def report_context(self, wildcards: Wildcards) -> str:
        """What a page takes from the config and the card: a reporting Context as JSON."""
        entry = self.config.experiments[wildcards.experiment]
        card = self.cards[wildcards.dataset]
        context = {
            "experiment": wildcards.experiment,
            "dataset": wildcards.dataset,
            "methods": entry.methods,
            "kinds": {method: self.config.methods[method].kind for method in entry.methods},
            "targets": self.targets(wildcards.experiment, wildcards.dataset),
            "data": f"{card.title}: {card.description.rstrip('.')}",
            "window_s": self.config.scoring.window_s,
        }
        return json.dumps(context)

    def method_env(self, wildcards: Wildcards) -> str:
        """Environment file of a method, relative to workflow/rules."""
        return f"../envs/{self.config.methods[wildcards.method].env or 'method'}.yaml"

    # --- the code that a job runs, as a hash ----------------------------------------------

    def prepare_code(self, wildcards: Wildcards) -> str:
        """Hash of the code that prepares a data set."""
        entry = self.config.datasets[wildcards.dataset]
        return hash_code(STEP_MODULES["prepare"], dataset_module(wildcards.dataset, entry))

    def train_code(self, wildcards: Wildcards) -> str:
        """Hash of the code that trains a method; constant where finished models are kept."""
        if self.config.stale_models == "keep":
            return "kept"
        return hash_code(STEP_MODULES["train"], *self._method_modules(wildcards.method))

    def separate_code(self, wildcards: Wildcards) -> str:
        """Hash of the code that separates with a method."""
        return hash_code(STEP_MODULES["separate"], *self._method_modules(wildcards.method))

    def score_code(self, wildcards: Wildcards) -> str:
        """Hash of the code that scores a method's estimates, and of the method's own."""
        modules = (STEP_MODULES["score"], STEP_MODULES["separate"])
        return hash_code(*modules, *self._method_modules(wildcards.method))

    def collect_code(self, _: Wildcards) -> str:
        """Hash of the code that joins score tables."""
        return hash_code(STEP_MODULES["collect"])

    def figure_code(self, wildcards: Wildcards) -> str:
        """Hash of the code that draws one figure."""
        reads = next(
            r for r in ("scores", "models", "activity") if wildcards.figure in find_figures(r)
        )
        return hash_code(
            STEP_MODULES["figure"], f"iass.reporting.figures.{reads}.{wildcards.figure}"
        )

    def table_code(self, _: Wildcards) -> str:
        """Hash of the code that writes the tables."""
        return hash_code(STEP_MODULES["table"])

    def _method_modules(self, method: str) -> list[str]:
        entry = self.config.methods[method]
        return [] if entry.kind == "command" else [method_module(method, entry)]


def find_figures(reads: str) -> list[str]:
    """Names of the figures drawn from `reads`: "scores", "models" or "activity"; one file each."""
    folder = ROOT / "iass" / "reporting" / "figures" / reads
    return sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")


def count_gpus() -> int:
    """Return the number of GPUs that this process may use; 0 without a driver."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return len([item for item in visible.split(",") if item.strip() not in ("", "-1")])
    if shutil.which("nvidia-smi") is None:
        return 0
    listing = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, check=False)
    return listing.stdout.count("GPU ") if listing.returncode == 0 else 0


def make_plan(raw: object, where: str) -> Plan:
    """Check a config's content and plan it; `where` is the file that an error names."""
    return Plan(configuration.parse_config(raw, where), where)


def open_plan(raw: object, files: Sequence[str | Path]) -> Plan:
    """Plan the config that Snakemake has read from `files`; a UserError ends the program."""
    try:
        return make_plan(raw, str(files[-1]) if files else "the config")
    except UserError as error:
        sys.exit(f"iass: {error}")


def shell_prefix(root: str, *, uses_conda: bool) -> str:
    """Return what every job's shell runs first, so that `python -m iass` is this checkout.

    Without conda the interpreter is the one that runs Snakemake, activated or not.
    """
    path = "" if uses_conda else f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH "
    return f"export {path}PYTHONPATH={shlex.quote(root)}; "


def wildcard_pattern(names: Iterable[str]) -> str:
    """Return a regular expression that matches exactly one of `names`."""
    return "|".join(re.escape(name) for name in sorted(names))


def _missing_reason(experiment: Experiment, target: str) -> str:
    return f"no model: {experiment.train_on} has no target {target}"


def _check_plugins(config: Config, where: str) -> None:
    for name, dataset in config.datasets.items():
        _check_dataset(name, dataset, where)
    for name, method in config.methods.items():
        _check_method(name, method, where)


def _check_dataset(name: str, entry: DatasetEntry, where: str) -> None:
    key = f"{where}: datasets.{name}"
    check_plugin(key, dataset_module(name, entry), "DataSet", entry.options)


def _check_method(name: str, entry: MethodEntry, where: str) -> None:
    key = f"{where}: methods.{name}"
    if entry.kind != "command":
        check_plugin(key, method_module(name, entry), "Method", entry.options)
    env = ROOT / "workflow" / "envs" / f"{entry.env or 'method'}.yaml"
    if not env.is_file():
        raise UserError(f"{key}.env: there is no file {env.relative_to(ROOT)}; write it.")


def _check_experiments(config: Config, cards: dict[str, Card], where: str) -> None:
    for name, experiment in config.experiments.items():
        key = f"{where}: experiments.{name}"
        for target in experiment.targets:
            if not any(target in cards[dataset].targets for dataset in experiment.test_on):
                raise UserError(
                    f"{key}.targets: no data set of 'test_on' has the target '{target}'."
                )
        if experiment.train_on and "train" not in cards[experiment.train_on].splits:
            raise UserError(f"{key}.train_on: '{experiment.train_on}' has no training tracks.")
