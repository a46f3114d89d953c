"""Finding methods and data-set cards by their file; nothing is registered anywhere."""

import ast
import importlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from iass.foundation.card import Card
from iass.foundation.config import DatasetEntry, MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.method import BaseMethod, Command

ROOT = Path(__file__).resolve().parents[2]
_CHECKED_TYPES: dict[str, TypeAdapter[Any]] = {
    "int": TypeAdapter(int),
    "float": TypeAdapter(float),
    "bool": TypeAdapter(bool),
    "str": TypeAdapter(str),
}


def method_module(name: str, entry: MethodEntry) -> str:
    """Return the dotted module of a method, e.g. baselines.ibm."""
    return f"baselines.{entry.module or name}"


def dataset_module(name: str, entry: DatasetEntry) -> str:
    """Return the dotted module of a card, e.g. iass.datasets.synthband."""
    return f"iass.datasets.{entry.module or name}"


def load_method(name: str, entry: MethodEntry) -> BaseMethod:
    """Build a method from its file. UserError if the file's class is of another kind."""
    if entry.command is not None:
        return Command(entry.command)
    module = method_module(name, entry)
    method = _load_class(module, "Method")(**entry.options)
    if not isinstance(method, BaseMethod) or method.kind != entry.kind:
        found = getattr(method, "kind", "unknown")
        raise UserError(
            f"methods.{name}.kind is '{entry.kind}', but Method in {module_file(module)} is of "
            f"kind '{found}'; correct the config."
        )
    return method


def load_card(name: str, entry: DatasetEntry) -> Card:
    """Build a data set's card from its file."""
    card: Card = _load_class(dataset_module(name, entry), "DataSet")(**entry.options)
    return card


def module_file(module: str) -> Path:
    """Return the path of a module of this repository."""
    return ROOT / (module.replace(".", "/") + ".py")


def check_plugin(key: str, module: str, class_name: str, options: Mapping[str, Any]) -> None:
    """Check without importing it that a plug-in's file, class and options exist.

    A method may need software that the driver lacks, hence the syntax tree. UserError names
    `key`, the config key of the entry, and the file.
    """
    path = module_file(module)
    if not path.is_file():
        raise UserError(
            f"{key}: there is no file {path.relative_to(ROOT)}; write it or correct the name."
        )
    fields = _declared_fields(path, class_name)
    if fields is None:
        raise UserError(f"{key}: {path.relative_to(ROOT)} defines no class {class_name}.")
    for option, value in options.items():
        _check_option(f"{key}.options.{option}", option, value, fields, path)


def _check_option(key: str, option: str, value: Any, fields: Mapping[str, str], path: Path) -> None:
    where = path.relative_to(ROOT)
    if option not in fields:
        known = ", ".join(fields) or "none"
        raise UserError(f"{key}: unknown option; {where} knows: {known}.")
    adapter = _CHECKED_TYPES.get(fields[option])
    try:
        if adapter:
            adapter.validate_python(value, strict=True)
    except ValidationError:
        raise UserError(f"{key}: {where} wants {fields[option]}, found {value!r}.") from None


@cache
def _declared_fields(path: Path, class_name: str) -> dict[str, str] | None:
    try:
        tree = ast.parse(path.read_text("utf-8"))
    except SyntaxError as error:
        raise UserError(
            f"{path.relative_to(ROOT)} is not valid Python: line {error.lineno}."
        ) from None
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return {
                item.target.id: ast.unparse(item.annotation)
                for item in node.body
                if isinstance(item, ast.AnnAssign)
                and isinstance(item.target, ast.Name)
                and "ClassVar" not in ast.unparse(item.annotation)
            }
    return None


def _load_class(module: str, class_name: str) -> Any:
    return getattr(importlib.import_module(module), class_name)
