"""Hashing the code that matters to a step, so that a changed line reruns its jobs and no others."""

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from iass.foundation.files import hash_file
from iass.foundation.plugins import ROOT

_PACKAGES = ("iass", "baselines")


def hash_code(*modules: str) -> str:
    """Return a hash of the syntax trees of `modules` and of all they import from this project.

    Comments, formatting and docstrings do not enter. Imports are followed wherever they stand. A
    package brings the tables (*.csv, *.yaml) in its folder.
    """
    seen: set[str] = set()
    waiting = list(modules)
    while waiting:
        module = waiting.pop()
        if module not in seen:
            seen.add(module)
            waiting.extend(_imports(module))
    lines = [f"{module} {_hash_tree(module)} {_hash_tables(module)}" for module in sorted(seen)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _find_file(module: str) -> Path | None:
    base = ROOT / module.replace(".", "/")
    candidates = (base.with_suffix(".py"), base / "__init__.py")
    return next((path for path in candidates if path.is_file()), None)


@cache
def _parse(module: str) -> ast.Module:
    path = _find_file(module)
    if path is None:
        raise FileNotFoundError(f"module {module} not found under {ROOT}")
    tree = ast.parse(path.read_text("utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            _drop_docstring(node)
    return tree


def _drop_docstring(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> None:
    if ast.get_docstring(node, clean=False) is not None:
        node.body = node.body[1:]


@cache
def _hash_tables(module: str) -> str:
    path = _find_file(module)
    is_package = path is not None and path.name == "__init__.py"
    files = sorted(path.parent.iterdir()) if path and is_package else []
    tables = [file for file in files if file.suffix in (".csv", ".yaml")]
    return " ".join(f"{table.name} {hash_file(table)}" for table in tables)


@cache
def _hash_tree(module: str) -> str:
    return hashlib.sha256(ast.dump(_parse(module)).encode()).hexdigest()


@cache
def _imports(module: str) -> tuple[str, ...]:
    return tuple(sorted(set(_walk_imports(_parse(module)))))


def _walk_imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        yield from (n for n in names if n.split(".")[0] in _PACKAGES and _find_file(n))
