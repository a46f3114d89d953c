"""The hash by which a changed line reruns its jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from iass.foundation import code

METHOD = '''"""Doc."""
from iass.shared import scale

LOUD = 2.0

def separate(x):
    """Doc."""
    return scale(x) * LOUD
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(code, "ROOT", tmp_path)
    files = {"baselines/mine.py": METHOD, "iass/shared.py": "def scale(x): return x\n"}
    for name, text in files.items() | {("iass/__init__.py", ""), ("iass/unused.py", "A = 1\n")}:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    _forget()
    yield tmp_path
    _forget()


def _forget() -> None:
    for cached in (code._parse, code._hash_tables, code._hash_tree, code._imports):
        cached.cache_clear()


def _rehash(project: Path, name: str, old: str, new: str) -> tuple[str, str]:
    before = code.hash_code("baselines.mine")
    text = (project / name).read_text()
    assert old in text
    (project / name).write_text(text.replace(old, new))
    _forget()
    return before, code.hash_code("baselines.mine")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LOUD = 2.0", "LOUD = 2.0  # louder"),
        ("LOUD = 2.0", "\n\nLOUD = (2.0)"),
        ('"""Doc."""\n    return', '"""Other words."""\n    return'),
    ],
)
def test_comments_docstrings_and_format_do_not_count(project: Path, old: str, new: str) -> None:
    before, after = _rehash(project, "baselines/mine.py", old, new)
    assert before == after


def test_a_changed_number_counts(project: Path) -> None:
    before, after = _rehash(project, "baselines/mine.py", "2.0", "2.5")
    assert before != after


def test_a_change_in_an_imported_module_counts(project: Path) -> None:
    before, after = _rehash(project, "iass/shared.py", "return x", "return 2 * x")
    assert before != after


@pytest.mark.parametrize("name", ["labels.csv", "claims.yaml"])
def test_a_change_in_a_table_of_an_imported_package_counts(project: Path, name: str) -> None:
    (project / "iass" / "facts").mkdir()
    (project / "iass" / "facts" / "__init__.py").touch()
    (project / "iass" / "facts" / name).write_text("a,b\n")
    importer = project / "iass" / "shared.py"
    importer.write_text("from iass.facts import anything\n" + importer.read_text())
    before, after = _rehash(project, f"iass/facts/{name}", "b", "c")
    assert before != after


def test_a_module_that_is_not_imported_does_not_count(project: Path) -> None:
    before, after = _rehash(project, "iass/unused.py", "1", "2")
    assert before == after


def test_the_order_of_modules_does_not_matter(project: Path) -> None:
    one = code.hash_code("baselines.mine", "iass.unused")
    assert one == code.hash_code("iass.unused", "baselines.mine")
    assert one != code.hash_code("baselines.mine")


def test_a_missing_module_is_an_error(project: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"baselines\.nothing"):
        code.hash_code("baselines.nothing")
