from pathlib import Path

import pytest

from iass.foundation import plugins
from iass.foundation.errors import UserError
from iass.plan import declared
from iass.plan.declared import check_plugin


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
    monkeypatch.setattr(declared, "ROOT", tmp_path)
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    with pytest.raises(UserError, match=r"baselines/broken\.py is not valid Python: line 1"):
        check_plugin("k", "baselines.broken", "Method", {})


CHILD = """
from baselines import ibm
from dataclasses import dataclass

@dataclass(frozen=True)
class Method(ibm.Method):
    colour: str = "red"
"""


def test_options_of_a_base_class_are_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "baselines").mkdir()
    (tmp_path / "baselines" / "child.py").write_text(CHILD)
    original = plugins.ROOT / "baselines" / "ibm.py"
    (tmp_path / "baselines" / "ibm.py").write_text(original.read_text("utf-8"))
    monkeypatch.setattr(declared, "ROOT", tmp_path)
    monkeypatch.setattr(plugins, "ROOT", tmp_path)
    check_plugin("k", "baselines.child", "Method", {"colour": "blue", "exponent": 2.0})
    with pytest.raises(UserError, match=r"unknown option; .* knows: exponent, .*, colour"):
        check_plugin("k", "baselines.child", "Method", {"shape": 1})
