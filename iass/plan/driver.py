"""What the Snakefile calls: the plan, the shell of its jobs, the report."""

import csv
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from iass.foundation.card import Card
from iass.foundation.config import Config, DatasetEntry, parse_config
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.foundation.gpus import count_gpus
from iass.foundation.plugins import load_card
from iass.plan.cells import Cells
from iass.plan.checks import check_experiments, check_files, check_plugins
from iass.plan.code import Code
from iass.plan.files import Files
from iass.plan.parameters import Parameters

REPORT = "reports/report.html"
CONFIG = "results/config.yaml"  # of a run that is finished; it is there only then
RUNS = "runs"  # beside the config's keys, for workflow/report/workflow.rst
_TOLD = {  # columns of the table of runs, by what the report's first page calls them
    "data": ["dataset", "data"],
    "commit": ["commit"],
    "device": ["device"],
    "date": ["date"],
    "packages": ["packages"],
}


@dataclass(frozen=True)
class Plan:
    """The jobs of a checked config: what the rules take from it, room by room."""

    config: Config
    cells: Cells
    files: Files
    params: Parameters
    code: Code


def make_plan(raw: object, where: str) -> Plan:
    """Check a config and plan it. UserError names the key at fault and `where`, the file."""
    config = parse_config(raw, where)
    check_plugins(config, where)
    cards = {name: _load_card(name, entry, where) for name, entry in config.datasets.items()}
    check_experiments(config, cards, where)
    cells = Cells(config, cards)
    check_files(Files(cells).final_files(), where)
    return Plan(config, cells, Files(cells), Parameters(cells, count_gpus()), Code(config))


def _load_card(name: str, entry: DatasetEntry, where: str) -> Card:
    try:
        return load_card(name, entry)
    except UserError as error:
        raise UserError(f"{where}: datasets.{name}.options: {error}") from None


def open_plan(raw: object, files: Sequence[str | Path]) -> Plan:
    """Plan the config that Snakemake has read from `files`; a UserError ends the program."""
    try:
        plan = make_plan(raw, str(files[-1]) if files else "the config")
    except UserError as error:
        sys.exit(f"iass: {error}")
    for model in find_stale_models(plan):
        print(f"iass: {model} is stale: its training code has changed", file=sys.stderr)  # noqa: T201
    return plan


def find_stale_models(plan: Plan) -> list[str]:
    """Return the cards of finished models that other code trained, where the config keeps them."""
    if plan.config.stale_models != "keep":
        return []
    cards = {c: run.method for run in plan.cells.all_runs() for c in plan.files.cards_of(run)}
    return [
        card
        for card, method in cards.items()
        if Path(card).is_file()
        and read_json(Path(card))["provenance"]["code"] != plan.code.hash_training(method)
    ]


def shell_prefix(root: str, *, uses_conda: bool) -> str:
    """Return what every job's shell runs first, so that `python -m iass` is this checkout.

    Without conda the interpreter is the one that runs Snakemake, activated or not.
    """
    path = "" if uses_conda else f"PATH={shlex.quote(str(Path(sys.executable).parent))}:$PATH "
    return f"export {path}PYTHONPATH={shlex.quote(root)}; "


def wildcard_pattern(names: Iterable[str]) -> str:
    """Return a regular expression that matches exactly one of `names`."""
    return "|".join(re.escape(name) for name in sorted(names))


def write_config(plan: Plan) -> str:
    """Return a plan's config as YAML: that of the file, and of the command line's --config."""
    content = plan.config.model_dump(mode="json", exclude_unset=True)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def forget_run() -> None:
    """Take back that a run is finished: from now on files may be of another config."""
    Path(CONFIG).unlink(missing_ok=True)


def write_report(config: Mapping[str, Any], plan: Plan, root: str) -> None:
    """Write Snakemake's report of a finished run; nothing where the run was for fewer files.

    A profile's report-after-run would fail every dry run whose figures do not exist yet.
    """
    if not all(Path(file).exists() for file in plan.files.final_files()):
        return
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as stream:
        yaml.safe_dump({key: config[key] for key in config if key != RUNS}, stream)
        snakefile = str(Path(root) / "Snakefile")
        words = ["-s", snakefile, "--configfile", stream.name, "--report", REPORT, "--nolock"]
        command = [sys.executable, "-m", "snakemake", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    print(f"Report: {REPORT}" if done.returncode == 0 else done.stderr, file=sys.stderr)  # noqa: T201


def read_runs(table: Path = Path("reports/tables/provenance.csv")) -> dict[str, list[str]]:
    """Return what the report's first page tells of the last run, each thing once; {} before it."""
    if not table.is_file():
        return {}
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    return {
        name: list(dict.fromkeys(" ".join(row[column] for column in columns) for row in rows))
        for name, columns in _TOLD.items()
    }
