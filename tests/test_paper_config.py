"""config/paper.yaml: the paper's two experiments, with the paper's numbers."""

import pytest

from iass.foundation.card import Card
from iass.foundation.config import Config, load_config
from iass.foundation.plugins import (
    ROOT,
    dataset_module,
    load_card,
    load_method,
    method_module,
)
from iass.plan.declared import check_plugin


@pytest.fixture(scope="module")
def paper() -> Config:
    return load_config(ROOT / "config" / "paper.yaml")


def _card(paper: Config, name: str) -> Card:
    return load_card(name, paper.datasets[name])


def test_the_paper_is_two_experiments_on_their_own_data(paper: Config) -> None:
    sets = {name: (e.train_on, e.test_on) for name, e in paper.experiments.items()}
    assert sets == {"musdb": ("musdb18hq", ["musdb18hq"]), "mm": ("mm", ["mm"])}


def test_every_plugin_that_the_paper_names_has_its_file_class_and_options(paper: Config) -> None:
    for name, dataset in paper.datasets.items():
        check_plugin(f"datasets.{name}", dataset_module(name, dataset), "DataSet", dataset.options)
    for name, method in paper.methods.items():
        check_plugin(f"methods.{name}", method_module(name, method), "Method", method.options)


def test_every_method_of_the_paper_can_be_built_with_its_options(paper: Config) -> None:
    for name, entry in paper.methods.items():
        assert load_method(name, entry).kind == entry.kind


def test_each_experiment_asks_for_targets_and_protocol_of_its_card(paper: Config) -> None:
    for experiment in paper.experiments.values():
        card = _card(paper, experiment.test_on[0])
        assert set(experiment.targets) == set(card.targets)
        assert experiment.protocol == card.protocol
        assert experiment.channels == "mono"


def test_iass_has_the_numbers_of_the_released_network_and_its_logs(paper: Config) -> None:
    entry = paper.methods["iass"]
    assert entry.options == {
        "widths": [16, 32, 48],
        "n_fft": 4096,
        "hop": 1024,
        "max_hz": 16000.0,
        "activity_weight": 2.0,
        "threshold": 0.5,
        "filter_length": 21,
    }
    train = entry.train
    assert (train.batch_size, train.chunk_s, train.gain) == (8, 6.0, (0.25, 1.25))
    assert (train.lr_gamma, train.lr_patience) == (0.3, 80)
    assert 100 <= train.patience <= 140
    assert not train.remix


def test_open_unmix_has_its_own_recipe(paper: Config) -> None:
    train = paper.methods["open_unmix"].train
    assert (train.batch_size, train.chunks_per_track, train.epochs) == (16, 64, 1000)
    assert (train.lr_patience, train.lr_cooldown, train.patience) == (80, 10, 140)
    assert train.remix
    assert train.channel_swap


def test_both_networks_share_optimiser_and_seed_of_the_paper(paper: Config) -> None:
    for name in ("iass", "open_unmix"):
        train = paper.methods[name].train
        assert train.schedule == "plateau"
        assert (train.learning_rate, train.weight_decay) == (1e-3, 1e-5)
    assert all(experiment.seeds == [42] for experiment in paper.experiments.values())


def test_models_of_the_paper_are_never_retrained_unasked(paper: Config) -> None:
    assert paper.stale_models == "keep"
