"""The jobs of the listening page, and what a licence keeps from it."""

import copy
import json
from typing import Any

import pytest
from test_plan import RAW, Job

from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.foundation.plugins import list_datasets, load_card
from iass.plan.driver import Plan, make_plan
from iass.reporting.listen.choose import Wish
from iass.reporting.listen.run import PageWish

PAGE = "reports/listen/index.html"


def _plan(test_on: tuple[str, ...] = ("synthband", "falcon69"), **listen: object) -> Plan:
    raw: dict[str, Any] = copy.deepcopy(RAW) | {"listen": listen}
    raw["datasets"] |= {name: None for name in test_on if name not in raw["datasets"]}
    raw["experiments"]["demo"] |= {"test_on": list(test_on)}
    return make_plan(raw, "my.yaml")


def _page(plan: Plan) -> PageWish:
    return PageWish.model_validate_json(plan.params.listen_page(Job()))


def test_the_first_training_of_every_method_is_heard() -> None:
    plan = _plan()
    assert PAGE in plan.files.final_files()
    assert plan.files.references() == [
        "results/references/demo/synthband",
        "results/references/demo/falcon69",
    ]
    assert plan.files.excerpts() == [
        "results/excerpts/demo/synthband/ibm/unseeded/shard0",
        "results/excerpts/demo/synthband/ibm/unseeded/shard1",
        "results/excerpts/demo/synthband/iass/seed0/shard0",
        "results/excerpts/demo/synthband/iass/seed0/shard1",
        "results/excerpts/demo/synthband/copy/unseeded/shard0",
        "results/excerpts/demo/synthband/copy/unseeded/shard1",
        "results/excerpts/demo/falcon69/ibm/unseeded/shard0",
        "results/excerpts/demo/falcon69/iass/seed0/shard0",
        "results/excerpts/demo/falcon69/copy/unseeded/shard0",
    ]
    assert [(c.experiment, c.dataset, c.targets) for c in _page(plan).contexts] == [
        ("demo", "synthband", ("vocals", "piano")),
        ("demo", "falcon69", ("vocals",)),
    ]
    assert _page(plan).left_out == []


def test_a_set_that_may_not_be_published_costs_no_job_and_is_named() -> None:
    plan = _plan(("synthband", "musdb18hq"))
    assert plan.files.references() == ["results/references/demo/synthband"]
    assert not [folder for folder in plan.files.excerpts() if "musdb18hq" in folder]
    [left_out] = _page(plan).left_out
    assert (left_out.title, left_out.dataset) == ("all tracks", "musdb18hq")
    assert "no redistribution" in left_out.reason
    assert "listen.private" in left_out.reason


def test_a_private_page_plays_every_set() -> None:
    plan = _plan(("synthband", "musdb18hq"), private=True)
    assert "results/references/demo/musdb18hq" in plan.files.references()
    assert "results/excerpts/demo/musdb18hq/ibm/unseeded/shard0" in plan.files.excerpts()
    assert _page(plan).private
    assert _page(plan).left_out == []
    wish = Wish.model_validate_json(plan.params.listen_wish(Job(dataset="musdb18hq")))
    assert wish == Wish(tracks=2, names=None, seconds=10.0, publishable=[], private=True)


def test_without_tracks_there_is_no_page() -> None:
    assert not [file for file in _plan(tracks=0).files.final_files() if "listen" in file]


def test_names_choose_tracks_and_none_of_them_leaves_a_set_out() -> None:
    plan = _plan(names={"falcon69": [], "synthband": ["a", "b"]}, seconds=5)
    assert plan.files.references() == ["results/references/demo/synthband"]
    assert json.loads(plan.params.listen_wish(Job(dataset="synthband"))) == {
        "tracks": 2,
        "names": ["a", "b"],
        "seconds": 5.0,
        "publishable": ["CC0-1.0"],
        "private": False,
    }
    [left_out] = _page(plan).left_out
    assert (left_out.dataset, left_out.reason) == (
        "falcon69",
        "the config wants none (listen.names)",
    )


@pytest.mark.parametrize(
    ("listen", "named"),
    [
        ({"names": {"ghost": []}}, r"my\.yaml: listen\.names names the data set 'ghost'"),
        ({"track": 1}, r"unknown key 'listen\.track'"),
        ({"tracks": -1}, r"'listen\.tracks' is wrong"),
        ({"seconds": 0.5}, r"'listen\.seconds' is wrong"),
        ({"mp3_quality": 10}, r"'listen\.mp3_quality' is wrong"),
        ({"max_mb": 0}, r"'listen\.max_mb' is wrong"),
    ],
)
def test_a_wrong_key_is_named(listen: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named):
        _plan(**listen)


def test_only_what_is_free_may_be_published() -> None:
    cards = {name: load_card(name, DatasetEntry()) for name in list_datasets()}
    assert {name: card.publishable for name, card in cards.items() if card.publishable} == {
        "synthband": ("CC0-1.0",),
        "falcon69": ("CC BY-NC-SA 3.0",),
    }


def test_what_only_the_page_shows_makes_no_excerpt_anew() -> None:
    small, large = _plan(max_mb=5), _plan(max_mb=50)
    for job in (Job(), Job(dataset="synthband", method="ibm", seed="unseeded")):
        assert small.params.listen_wish(job) == large.params.listen_wish(job)
        assert small.params.mp3_quality(job) == large.params.mp3_quality(job)
    assert small.params.listen_page(Job()) != large.params.listen_page(Job())
