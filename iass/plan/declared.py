"""What the file of a method or data set declares, read from its syntax tree.

Nothing is imported: a method may need software that the machine which drives the workflow lacks.
"""

import ast
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.plugins import ROOT, module_file

_CHECKED_TYPES: dict[str, TypeAdapter[Any]] = {
    "int": TypeAdapter(int),
    "float": TypeAdapter(Annotated[float, Field(allow_inf_nan=False)]),
    "bool": TypeAdapter(bool),
    "str": TypeAdapter(str),
    "tuple[int, ...]": TypeAdapter(list[int]),  # YAML has lists only
}


def check_plugin(key: str, module: str, class_name: str, options: Mapping[str, Any]) -> None:
    """Check that a plug-in's file, class and options exist.

    UserError names `key`, the config key of the entry, and the file.
    """
    path = module_file(module)
    if not path.is_file():
        raise UserError(
            f"{key}: there is no file {path.relative_to(ROOT)}; write it or correct the name."
        )
    node = _find_class(path, class_name)
    if node is None:
        raise UserError(f"{key}: {path.relative_to(ROOT)} defines no class {class_name}.")
    fields = _list_fields(path, node)
    for option, value in options.items():
        _check_option(f"{key}.options.{option}", option, value, fields, path)


def find_kind(module: str, class_name: str) -> str | None:
    """Return the kind that a class or the nearest base in this project declares, if one does."""
    kind = find_literal(module, class_name, "kind")
    return kind if isinstance(kind, str) else None


def find_literal(module: str, class_name: str, attribute: str) -> Any:
    """Return what a class or its nearest base in this project sets `attribute` to, as a literal.

    None if none does.
    """
    path = module_file(module)
    node = _find_class(path, class_name)
    return _inherit_literal(path, node, attribute) if node else None


def find_defaults(module: str, class_name: str) -> dict[str, Any]:
    """Return the options of a class, its bases' too, with their defaults where literal."""
    path = module_file(module)
    node = _find_class(path, class_name)
    return _list_defaults(path, node) if node else {}


def _list_defaults(path: Path, node: ast.ClassDef) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    for file, base in _find_bases(path, node):
        defaults |= _list_defaults(file, base)
    for name, item in _own_fields(node):
        if item.value is not None:
            with suppress(ValueError):  # no literal
                defaults[name] = ast.literal_eval(item.value)
    return defaults


def _inherit_literal(path: Path, node: ast.ClassDef, attribute: str) -> Any:
    for item in node.body:
        match item:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if name == attribute:
                with suppress(ValueError):  # no literal
                    return ast.literal_eval(value)
    bases = _find_bases(path, node)
    inherited = (_inherit_literal(file, base, attribute) for file, base in bases)
    return next((found for found in inherited if found is not None), None)


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
def _parse(path: Path) -> ast.Module:
    try:
        return ast.parse(path.read_text("utf-8"))
    except SyntaxError as error:
        where = path.relative_to(ROOT)
        raise UserError(f"{where} is not valid Python: line {error.lineno}.") from None


def _find_class(path: Path, name: str) -> ast.ClassDef | None:
    classes = (node for node in _parse(path).body if isinstance(node, ast.ClassDef))
    return next((node for node in classes if node.name == name), None)


def _list_fields(path: Path, node: ast.ClassDef) -> dict[str, str]:
    """Return the annotated fields of a class and of its bases in this project, with their types."""
    fields: dict[str, str] = {}
    for file, base in _find_bases(path, node):
        fields |= _list_fields(file, base)
    return fields | {name: ast.unparse(item.annotation) for name, item in _own_fields(node)}


def _own_fields(node: ast.ClassDef) -> Iterator[tuple[str, ast.AnnAssign]]:
    for item in node.body:
        match item:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                if "ClassVar" not in ast.unparse(annotation):
                    yield name, item


def _find_bases(path: Path, node: ast.ClassDef) -> Iterator[tuple[Path, ast.ClassDef]]:
    """Yield the base classes that are defined in this project, each with its file."""
    for base in node.bases:
        module, _, name = _resolve(path, ast.unparse(base)).rpartition(".")
        file = module_file(module) if module else path
        found = _find_class(file, name) if file.is_file() else None
        if found and found is not node:
            yield file, found


def _resolve(path: Path, name: str) -> str:
    """Return the dotted name that `name` stands for by the imports of a file."""
    imported = {
        alias.asname or alias.name: f"{node.module}.{alias.name}"
        for node in _parse(path).body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    first, _, rest = name.partition(".")
    return ".".join(filter(None, [imported.get(first, first), rest]))
