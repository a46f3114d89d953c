import copy
import math
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


def _command(command: str = "cp {mixture} {output}", **more: object) -> dict[str, object]:
    return {"kind": "command", "command": command} | more


def _variant(owner: str, module: str = "iass") -> dict[str, object]:
    return {"kind": "trained", "module": module, "weights_of": owner}


def test_the_narrowest_good_values_are_taken() -> None:
    train = {"steps": 5, "gain": [0.5, 0.5]}
    config = parse_config(_changed("methods.iass.train", train), "a.yaml")
    assert config.methods["iass"].train.gain == (0.5, 0.5)
    scoring = {"window_s": 0.001, "hop_s": 0.001}
    assert parse_config(_changed("scoring", scoring), "a.yaml").scoring.hop_s == 0.001
    new = parse_config(_changed("methods.new", _command("a 'i={mixture}' o={output}")), "a.yaml")
    assert new.methods["new"].command == "a 'i={mixture}' o={output}"


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
        (
            "methods.ibm.train",
            {"steps": 1},
            "`train` and `weights_of` belong to kind `trained` only",
        ),
        ("methods.ibm.weights_of", "iass", "`weights_of` belong to kind `trained` only"),
        ("methods.iass.weights_of", "iass", "with `weights_of` nothing is trained"),
        ("methods.new", _variant("ghost"), "weights_of names the method 'ghost', which"),
        ("methods.new", _variant("ibm"), "names 'ibm', which is not trained itself"),
        ("methods.new", _variant("new"), "names 'new', which is not trained itself"),
        ("methods.new", _variant("iass", "open_unmix"), "'iass', which is of another `module`"),
        ("methods.ibm.command", "cp {mixture} {output}", "`command` is needed by kind `command`"),
        ("methods.new", {"kind": "command"}, "`command` is needed by kind `command`"),
        ("methods.new", _command("cp {mixture} x"), "does not contain {output}"),
        ("methods.new", _command("cp x {output}"), "does not contain {mixture}"),
        ("methods.new", _command(""), "does not contain {mixture}"),
        ("methods.new", _command("cp '{mixture} {output}"), "No closing quotation"),
        ("methods.new", _command(module="ibm"), "kind `command` takes no `module`"),
        ("methods.new", _command(options={"exponent": 2}), "kind `command` takes no `module`"),
        ("methods.iass.train.gain", [1.25, 0.25], "'methods.iass.train.gain' is wrong"),
        ("methods.iass.train.gain", [-0.5, 0.5], "'methods.iass.train.gain' is wrong"),
        ("methods.iass.train.gain", [0.5, math.inf], "'methods.iass.train.gain.1' is wrong"),
        ("methods.iass.train.chunk_s", math.inf, "'methods.iass.train.chunk_s' is wrong"),
        ("methods.iass.train.weight_decay", math.nan, "'methods.iass.train.weight_decay' is"),
        ("methods.iass.train.active_share", math.nan, "'methods.iass.train.active_share' is"),
        ("experiments.demo.test_on", ["falcon69"] * 2, "'falcon69' is listed twice"),
        ("experiments.demo.targets", ["vocals", "bass", "vocals"], "'vocals' is listed twice"),
        ("experiments.demo.methods", ["ibm", "iass", "ibm"], "'ibm' is listed twice"),
        ("experiments.demo.seeds", [3, 3], "'experiments.demo.seeds' is wrong"),
        ("experiments", {}, "'experiments' is wrong"),
        ("methods", {}, "'methods' is wrong"),
        ("datasets", {}, "'datasets' is wrong"),
        ("scoring.window_s", 1e-9, "'scoring.window_s' is wrong"),
        ("scoring.hop_s", 0.0009, "'scoring.hop_s' is wrong"),
        ("scoring.hop_s", math.inf, "'scoring.hop_s' is wrong"),
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
