from pathlib import Path

import pytest

from iass.foundation import plugins
from iass.foundation.config import DatasetEntry, MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.method import Command
from iass.foundation.plugins import check_plugin, load_card, load_method


def test_a_method_is_found_by_its_name() -> None:
    method = load_method("ibm", MethodEntry(kind="oracle", options={"exponent": 2.0}))
    assert type(method).__module__ == "baselines.ibm"
    assert vars(method)["exponent"] == 2.0


def test_a_variant_names_the_file_it_varies() -> None:
    method = load_method("ibm2", MethodEntry(kind="oracle", module="ibm"))
    assert type(method).__module__ == "baselines.ibm"


def test_a_command_needs_no_file() -> None:
    assert load_method("anything", MethodEntry(kind="command", command="cp")) == Command("cp")


def test_a_competitor_cannot_call_itself_an_oracle_nor_the_reverse() -> None:
    with pytest.raises(UserError, match=r"methods\.ibm\.kind is 'bound'.*kind 'oracle'"):
        load_method("ibm", MethodEntry(kind="bound"))


def test_a_card_is_found_by_its_name() -> None:
    assert load_card("falcon69", DatasetEntry()).protocol == "joint"


@pytest.mark.parametrize(
    ("module", "options", "named"),
    [
        ("baselines.nothing", {}, r"no file baselines/nothing\.py"),
        ("iass.separation.run", {}, r"defines no class Method"),
        ("baselines.ibm", {"exponant": 2}, r"options\.exponant: unknown option.*exponent"),
        ("baselines.ibm", {"exponent": "two"}, r"options\.exponent: .* wants float, found 'two'"),
        ("baselines.ibm", {"n_fft": 2.5}, r"options\.n_fft: .* wants int"),
        ("baselines.ibm", {"n_fft": True}, r"options\.n_fft: .* wants int"),
    ],
)
def test_a_wrong_plugin_is_named_before_anything_is_imported(
    module: str, options: dict[str, object], named: str
) -> None:
    with pytest.raises(UserError, match=named) as caught:
        check_plugin("my.yaml: methods.x", module, "Method", options)
    assert "my.yaml: methods.x" in str(caught.value)


@pytest.mark.parametrize("value", [2, 2.0])
def test_a_whole_number_is_a_good_float(value: float) -> None:
    check_plugin("k", "baselines.ibm", "Method", {"exponent": value})


def test_a_file_with_a_syntax_error_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "baselines").mkdir()
    (tmp_path / "baselines" / "broken.py").write_text("class Method(:\n")
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    with pytest.raises(UserError, match=r"baselines/broken\.py is not valid Python: line 1"):
        check_plugin("k", "baselines.broken", "Method", {})
