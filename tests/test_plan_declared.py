import math
import shutil
from pathlib import Path

import pytest

from iass.foundation import plugins
from iass.foundation.errors import UserError
from iass.plan import declared
from iass.plan.declared import check_plugin, find_kind


@pytest.mark.parametrize(
    ("module", "options", "named"),
    [
        ("baselines.nothing", {}, r"no file baselines/nothing\.py"),
        ("iass.separation.run", {}, r"defines no class Method"),
        ("baselines.ibm", {"exponant": 2}, r"options\.exponant: unknown option.*exponent"),
        ("baselines.ibm", {"exponent": "two"}, r"options\.exponent: .* wants float, found 'two'"),
        ("baselines.ibm", {"n_fft": 2.5}, r"options\.n_fft: .* wants int"),
        ("baselines.ibm", {"n_fft": True}, r"options\.n_fft: .* wants int"),
        ("baselines.ibm", {"exponent": math.inf}, r"options\.exponent: .* wants float, found inf"),
        ("baselines.iass", {"widths": 8}, r"options\.widths: .* wants tuple\[int, \.\.\.\]"),
        ("baselines.iass", {"widths": [8, "16"]}, r"options\.widths: .*, found \[8, '16'\]"),
        ("baselines.iass", {"widths": [8.5]}, r"options\.widths: .*, found \[8\.5\]"),
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


def test_a_list_of_whole_numbers_is_a_good_tuple() -> None:
    check_plugin("k", "baselines.iass", "Method", {"widths": [8, 16]})


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


def _write_plugin(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    (folder / "baselines").mkdir()
    (folder / "baselines" / "mine.py").write_text(text)
    for original in ("baselines/ibm.py", "iass/foundation/method.py"):
        (folder / original).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(plugins.ROOT / original, folder / original)
    monkeypatch.setattr(declared, "ROOT", folder)
    monkeypatch.setattr(plugins, "ROOT", folder)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("from iass.foundation.method import Trained\nclass Method(Trained): ...", "trained"),
        ("from iass.foundation import method\nclass Method(method.Bound): ...", "bound"),
        ("from baselines import ibm\nclass Method(ibm.Method): ...", "oracle"),
        ("from baselines.ibm import Method\nclass Method(Method): ...", "oracle"),
        ("from baselines import ibm\nclass A(ibm.Method): ...\nclass Method(A): ...", "oracle"),
        ("from baselines import ibm\nclass Method(ibm.Method):\n    kind = 'bound'", "bound"),
        ("from somewhere import Base\nclass Method(Base): ...", None),
        ("from somewhere import *\nclass Method(Method): ...", None),
        ("class Method: ...", None),
    ],
)
def test_the_kind_is_that_of_the_nearest_base_class_in_the_project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, kind: str | None
) -> None:
    _write_plugin(tmp_path, monkeypatch, text)
    assert find_kind("baselines.mine", "Method") == kind


def test_options_of_a_base_class_in_the_same_file_are_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "class Base:\n    colour: str = 'red'\nclass Method(Base):\n    shape: int = 1"
    _write_plugin(tmp_path, monkeypatch, text)
    check_plugin("k", "baselines.mine", "Method", {"colour": "blue", "shape": 2})
