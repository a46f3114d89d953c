"""What the experiments of a config cost: download, disk, trainings, their memory and hours.

Memory and hours are facts about others' or our own runs, by method and experiment of our configs;
where nobody has measured, that is said. docs/COSTS.md tells where each figure is from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iass.datasets.facts import read_facts
from iass.foundation.card import Card
from iass.foundation.config import Config
from iass.foundation.plugins import method_module
from iass.plan.cells import Cells
from iass.preparation.sizes import describe_disk, describe_download, format_about

NOT_MEASURED = "not measured"
ANY_TARGET = "*"


@dataclass(frozen=True)
class Training:
    """One training: the method's name, the method's file, and what it is for."""

    method: str
    module: str
    experiment: str
    target: str
    seed: str


def describe_costs(config: Config, cards: Mapping[str, Card], data_dir: Path) -> Iterator[str]:
    """Yield a paragraph per experiment of a config, whose data sets have these cards."""
    cells = Cells(config, cards)
    for name, experiment in config.experiments.items():
        names = dict.fromkeys([*filter(None, [experiment.train_on]), *experiment.test_on])
        sets = [cards[dataset] for dataset in names]
        trainings = list_trainings(cells, name)
        yield "\n  ".join(
            [
                f"Experiment {name}: {', '.join(names)}",
                f"Download: {describe_download(sets)}",
                f"Disk: {describe_disk(sets, data_dir)}",
                f"Trainings: {len(trainings)}",
                f"Memory of the largest training: {_describe_memory(trainings)}",
                f"GPU-hours: {_describe_hours(trainings)}",
            ]
        )


def list_trainings(cells: Cells, experiment: str) -> list[Training]:
    """Return the trainings of an experiment: one per trained method, target and seed."""
    config = cells.config
    found = [
        Training(
            method=cells.trained_as(run.method),
            module=_strip(method_module(run.method, config.methods[run.method])),
            experiment=experiment,
            target=target,
            seed=run.seed,
        )
        for run in cells.runs(experiment)
        if config.methods[run.method].kind == "trained"
        for target in cells.method_targets(experiment, run.dataset, run.method)
    ]
    return list(dict.fromkeys(found))


def find_hours(training: Training) -> tuple[float, str] | None:
    """Return a training's hours and where they are from, if anybody has measured them."""
    for row in read_facts("training_hours"):
        is_same = (row["method"], row["experiment"]) == (training.module, training.experiment)
        if is_same and row["target"] in (training.target, ANY_TARGET):
            return float(row["hours"]), row["how"]
    return None


def _describe_hours(trainings: Sequence[Training]) -> str:
    methods = dict.fromkeys(training.method for training in trainings)
    groups = [[t for t in trainings if t.method == method] for method in methods]
    return "; ".join(_describe_group(group) for group in groups) or "none"


def _describe_group(trainings: Sequence[Training]) -> str:
    """Return the hours of one method's trainings."""
    found = [hours for hours in map(find_hours, trainings) if hours is not None]
    if not found:
        return f"{trainings[0].method} {NOT_MEASURED}"
    hours = [hours for hours, _ in found]
    sources = ", ".join(dict.fromkeys(how for _, how in found))
    missing = len(trainings) - len(found)
    rest = f", {missing} more {NOT_MEASURED}" if missing else ""
    each = " to ".join(dict.fromkeys(map(format_about, (min(hours), max(hours)))))
    return f"{trainings[0].method} {format_about(sum(hours))} ({each} each; {sources}){rest}"


def _describe_memory(trainings: Sequence[Training]) -> str:
    known = {(row["method"], row["experiment"]): row for row in read_facts("training_memory")}
    found = [known[key] for key in ((t.module, t.experiment) for t in trainings) if key in known]
    if not found:
        return NOT_MEASURED if trainings else "none"
    most = max(found, key=lambda row: float(row["gigabytes"]))
    return f"{most['gigabytes']} GB ({most['method']}, {most['how']})"


def _strip(module: str) -> str:
    return module.rpartition(".")[2]
