"""Checks of a config that need the files of methods and data sets, before any job runs."""

from collections.abc import Mapping

from iass.foundation.card import Card
from iass.foundation.config import Config, DatasetEntry, MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.plugins import ROOT, dataset_module, method_module
from iass.plan.declared import check_plugin


def check_plugins(config: Config, where: str) -> None:
    """UserError names the key whose method, data set, option or environment file is missing."""
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


def check_experiments(config: Config, cards: Mapping[str, Card], where: str) -> None:
    """UserError names the experiment that asks for a target or training set that is not there."""
    for name, experiment in config.experiments.items():
        key = f"{where}: experiments.{name}"
        for target in experiment.targets:
            if not any(target in cards[dataset].targets for dataset in experiment.test_on):
                raise UserError(
                    f"{key}.targets: no data set of 'test_on' has the target '{target}'."
                )
        if experiment.train_on and "train" not in cards[experiment.train_on].splits:
            raise UserError(f"{key}.train_on: '{experiment.train_on}' has no training tracks.")
