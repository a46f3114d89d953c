import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from iass.foundation.config import load_config, parse_config
from iass.foundation.errors import UserError

GOOD: dict[str, Any] = {
    "datasets": {"synthband": {"options": {"seed": 3}}, "falcon69": None},
    "methods": {"ibm": {"kind": "oracle"}, "iass": {"kind": "trained", "train": {"steps": 5}}},
    "experiments": {
        "demo": {
            "train_on": "synthband",
            "test_on": ["falcon69"],
            "targets": ["vocals"],
            "methods": ["ibm", "iass"],
        }
    },
}


def _changed(path: str, value: object) -> dict[str, Any]:
    raw = copy.deepcopy(GOOD)
    *parents, last = path.split(".")
    section = raw
    for key in parents:
        section = section.setdefault(key, {})
    section[last] = value
    return raw


def test_an_empty_entry_takes_the_defaults() -> None:
    config = parse_config(GOOD, "a.yaml")
    assert config.datasets["falcon69"].shards == 1
    assert config.methods["iass"].train.steps == 5
    assert config.experiments["demo"].channels == "stereo"


@pytest.mark.parametrize(
    ("path", "value", "named"),
    [
        ("colour", "red", "unknown key 'colour'"),
        ("datasets.synthband.shard", 2, "unknown key 'datasets.synthband.shard'"),
        ("methods.iass.train.step", 2, "unknown key 'methods.iass.train.step'"),
        ("methods.ibm.kind", "oracel", "'methods.ibm.kind' is wrong"),
        ("methods.iass.train.steps", "many", "'methods.iass.train.steps' is wrong"),
        ("methods.iass.train.steps", 0, "'methods.iass.train.steps' is wrong"),
        ("methods.ibm.train", {"steps": 1}, "`train` belongs to kind `trained` only"),
        ("methods.ibm.command", "cp a b", "`command` is needed by kind `command`"),
        ("methods.Bad Name", {"kind": "bound"}, "Bad Name"),
        ("experiments.demo.test_on", [], "'experiments.demo.test_on' is wrong"),
        ("experiments.demo.test_on", ["nowhere"], "data set 'nowhere'"),
        ("experiments.demo.methods", ["nothing"], "method 'nothing'"),
        ("experiments.demo.train_on", None, "trained method 'iass' but has no 'train_on'"),
        ("experiments.demo.channels", "quad", "'experiments.demo.channels' is wrong"),
        ("scoring.window_s", -1, "'scoring.window_s' is wrong"),
        ("datasets", None, "'datasets' is wrong"),
    ],
)
def test_a_wrong_key_is_named_with_its_file_in_one_line(
    path: str, value: object, named: str
) -> None:
    with pytest.raises(UserError) as caught:
        parse_config(_changed(path, value), "my/config.yaml")
    assert named in str(caught.value)
    assert "my/config.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", ["", "[1, 2]", "a: [1", "just words"])
def test_a_file_that_holds_no_config_is_named(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text(content)
    with pytest.raises(UserError, match=r"broken\.yaml"):
        load_config(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"nowhere\.yaml does not exist"):
        load_config(tmp_path / "nowhere.yaml")


def test_a_file_reads_like_its_content(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_text(yaml.safe_dump(GOOD))
    assert load_config(path) == parse_config(GOOD, "elsewhere")
