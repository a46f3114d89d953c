"""Finding methods and data-set cards by their file; nothing is registered anywhere."""

import importlib
from pathlib import Path
from typing import Any

from iass.foundation.card import Card
from iass.foundation.config import DatasetEntry, MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.method import BaseMethod, Command, Pretrained

ROOT = Path(__file__).resolve().parents[2]


def method_module(name: str, entry: MethodEntry) -> str:
    """Return the dotted module of a method, e.g. baselines.ibm."""
    return f"baselines.{entry.module or name}"


def dataset_module(name: str, entry: DatasetEntry) -> str:
    """Return the dotted module of a card, e.g. iass.datasets.synthband."""
    return f"iass.datasets.{entry.module or name}"


def list_datasets() -> list[str]:
    """Return the names of all cards: files in iass/datasets/ with a class DataSet."""
    files = (ROOT / "iass" / "datasets").glob("*.py")
    return sorted(path.stem for path in files if "class DataSet(" in path.read_text("utf-8"))


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


def load_pretrained(name: str, entry: MethodEntry) -> Pretrained:
    """Build a method with published weights. UserError if it is of another kind."""
    method = load_method(name, entry)
    if not isinstance(method, Pretrained):
        raise UserError(f"{name} is of kind '{method.kind}'; only `pretrained` ones have weights.")
    return method


def load_card(name: str, entry: DatasetEntry) -> Card:
    """Build a data set's card from its file."""
    card: Card = _load_class(dataset_module(name, entry), "DataSet")(**entry.options)
    return card


def module_file(module: str) -> Path:
    """Return the path of a module of this repository."""
    return ROOT / (module.replace(".", "/") + ".py")


def _load_class(module: str, class_name: str) -> Any:
    return getattr(importlib.import_module(module), class_name)
