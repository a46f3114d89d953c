"""Checks of a config that need the files of methods and data sets, before any job runs."""

from collections.abc import Mapping, Sequence

from iass.datasets.learned import list_learned
from iass.datasets.multitracks.guard import Pair, refuse_overlap
from iass.datasets.multitracks.overlap import find_overlap
from iass.foundation.card import Card, PublishedSong, Split
from iass.foundation.config import Config, DatasetEntry, Experiment, MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.plugins import (
    ROOT,
    dataset_module,
    list_datasets,
    method_module,
    module_file,
)
from iass.plan.declared import check_plugin, find_kind, find_literal


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
        _check_kind(key, method_module(name, entry), entry)
    if entry.kind == "pretrained":
        _check_weights(key, method_module(name, entry))
    if entry.weights_of:
        _check_variant(key, method_module(name, entry), entry)
    env = ROOT / "workflow" / "envs" / f"{entry.env or 'method'}.yaml"
    if not env.is_file():
        raise UserError(f"{key}.env: there is no file {env.relative_to(ROOT)}; write it.")


def _check_kind(key: str, module: str, entry: MethodEntry) -> None:
    found = find_kind(module, "Method")
    if found not in (None, entry.kind):  # None: load_method sees the class itself
        raise UserError(
            f"{key}.kind is '{entry.kind}', but Method in {module_file(module).relative_to(ROOT)} "
            f"is of kind '{found}'; correct the config."
        )


def _check_variant(key: str, module: str, entry: MethodEntry) -> None:
    """UserError if a variant without a training of its own has an option that needs one."""
    known = find_literal(module, "Method", "separation_options") or ()
    for option in entry.options.keys() - set(known):
        raise UserError(
            f"{key}.options.{option}: that takes a training of its own, without `weights_of`; "
            f"after the training {module_file(module).relative_to(ROOT)} can change: "
            f"{', '.join(known) or 'nothing'}."
        )


def _check_weights(key: str, module: str) -> None:
    """UserError if the plan cannot read what published weights separate and have learned."""
    file = module_file(module).relative_to(ROOT)
    if not find_literal(module, "Method", "targets"):
        raise UserError(f"{key}: Method in {file} has no literal `targets`, a tuple of names.")
    trained_on = find_literal(module, "Method", "trained_on")
    if not isinstance(trained_on, dict):
        raise UserError(
            f"{key}: Method in {file} has no literal `trained_on`: data sets and the splits of "
            "them that the weights have learned, {} for none."
        )
    for name in trained_on.keys() - set(list_datasets()):
        raise UserError(f"{key}: `trained_on` in {file} names '{name}', which is no data set.")


def check_experiments(config: Config, cards: Mapping[str, Card], where: str) -> None:
    """UserError names the experiment that asks for a target or for tracks that are not there."""
    for name, experiment in config.experiments.items():
        key = f"{where}: experiments.{name}"
        for target in experiment.targets:
            if not any(target in cards[dataset].targets for dataset in experiment.test_on):
                raise UserError(
                    f"{key}.targets: no data set of 'test_on' has the target '{target}'."
                )
        for dataset in experiment.test_on:
            _check_split(f"{key}.test_on", cards, dataset, "test")
        if experiment.train_on:
            _check_split(f"{key}.train_on", cards, experiment.train_on, "train")
            _check_split(f"{key}.train_on", cards, experiment.train_on, "valid")
        if not experiment.allow_overlap:
            pairs = find_known_overlap(experiment, cards)
            refuse_overlap(key, pairs, "`iass data overlap` lists all of two sets")
            for method in experiment.methods:
                _check_learned(key, method, config, experiment, cards)


def find_known_overlap(experiment: Experiment, cards: Mapping[str, Card]) -> list[Pair]:
    """Return the songs, as far as lists are published, that an experiment trains and tests on."""
    if experiment.train_on is None:
        return []
    songs = cards[experiment.train_on].list_songs()
    learned = [song for song in songs if song.split != "test"]
    return find_overlap(learned, _list_tested(experiment, cards))


def _check_learned(
    key: str, name: str, config: Config, experiment: Experiment, cards: Mapping[str, Card]
) -> None:
    """UserError if published weights learned songs that the experiment tests on."""
    entry = config.methods[name]
    if entry.kind == "pretrained":
        trained_on = find_literal(method_module(name, entry), "Method", "trained_on")
        pairs = find_overlap(list_learned(trained_on), _list_tested(experiment, cards))
        sets = ", ".join(trained_on)
        refuse_overlap(f"{key}: weights of {name}", pairs, f"they learned songs of {sets}")


def _list_tested(experiment: Experiment, cards: Mapping[str, Card]) -> list[PublishedSong]:
    published = [song for dataset in experiment.test_on for song in cards[dataset].list_songs()]
    return [song for song in published if song.split == "test"]


def _check_split(key: str, cards: Mapping[str, Card], dataset: str, split: Split) -> None:
    if split not in cards[dataset].splits:
        raise UserError(f"{key}: '{dataset}' has no {split} tracks; name another data set.")


def check_files(files: Sequence[str], where: str) -> None:
    """UserError names a page that two experiments would both write, by names that run together."""
    twice = next((file for file in files if files.count(file) > 1), None)
    if twice:
        raise UserError(f"{where}: two experiments would write {twice}; rename one of them.")
