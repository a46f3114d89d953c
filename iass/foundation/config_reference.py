"""config/README.md, written from the schema, so that the two cannot differ."""

import ast
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from iass.foundation.config import (
    Claims,
    Config,
    DatasetEntry,
    Experiment,
    Listen,
    MethodEntry,
    Scoring,
    TrainSettings,
)
from iass.foundation.plugins import ROOT

PLUGINS = (("iass/datasets", "DataSet"), ("baselines", "Method"))

SECTIONS: tuple[tuple[str, type[BaseModel]], ...] = (
    ("Top level", Config),
    ("`datasets.NAME`", DatasetEntry),
    ("`methods.NAME`", MethodEntry),
    ("`methods.NAME.train`", TrainSettings),
    ("`experiments.NAME`", Experiment),
    ("`scoring`", Scoring),
    ("`claims`", Claims),
    ("`listen`", Listen),
)

OPTIONS = """\
## options

What a card or a method offers under `options`, with its type and default.
"""

INTRODUCTION = """\
# The config, key by key

`config/config.yaml` is the embedded default and `config/paper.yaml` the paper. A file given by
`snakemake --configfile FILE` replaces the default; it does not merge into it. Unknown keys are
refused by name. Names (of data sets, methods, experiments, targets) are lower-case words with `_`.

Settings that change no number (threads, memory, GPU slots) belong in `profiles/`, not here.
"METHOD" in a source is Hung & Lerch (ISMIR 2020) with the authors' released code and logs; "DEMO"
is the tuning of the embedded default.

This page is written by `python -m iass config > config/README.md`; a test keeps it in step.
"""


def describe_config() -> str:
    """Return every config key with its default, meaning, unit and source, as Markdown."""
    sections = [_describe(title, model) for title, model in SECTIONS]
    options = [
        _describe_options(path, class_name)
        for folder, class_name in PLUGINS
        for path in sorted((ROOT / folder).glob("*.py"))
    ]
    return "\n".join([INTRODUCTION, *sections, OPTIONS, *filter(None, options)])


def _describe(title: str, model: type[BaseModel]) -> str:
    schema = model.model_json_schema()
    required = schema.get("required", [])
    rows = [
        f"| `{key}` | {_name_type(field)} | {_name_default(field, key in required)} "
        f"| {model.model_fields[key].description} |"
        for key, field in schema["properties"].items()
    ]
    head = "| key | type | default | meaning, unit, source |\n|---|---|---|---|"
    return "\n".join([f"## {title}", "", head, *rows, ""])


def _name_type(field: Mapping[str, Any]) -> str:
    if "enum" in field:
        return " or ".join(f"`{value}`" for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_name_type(option) for option in field["anyOf"])
    if "prefixItems" in field:
        return ", ".join(_name_type(item) for item in field["prefixItems"])
    if field.get("type") == "array":
        return f"list of {_name_type(field['items'])}"
    if field.get("type") == "object" or "$ref" in field:
        return "section"
    return _name_scalar(field)


def _name_scalar(field: Mapping[str, Any]) -> str:
    signs = {"exclusiveMinimum": ">", "minimum": ">=", "exclusiveMaximum": "<", "maximum": "<="}
    limits = [f"{sign} {field[key]:g}" for key, sign in signs.items() if key in field]
    name = "name" if "pattern" in field else str(field["type"])
    return " ".join([name, " and ".join(limits)]).strip()


def _name_default(field: Mapping[str, Any], is_required: bool) -> str:
    if is_required:
        return "**required**"
    return f"`{json.dumps(field['default'])}`" if "default" in field else ""


def _describe_options(path: Path, class_name: str) -> str:
    """Return a plug-in's options and what its class says of them; empty without a class."""
    tree = ast.parse(path.read_text("utf-8"))
    node = next(
        (n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == class_name), None
    )
    if node is None:
        return ""
    fields = [ast.unparse(n) for n in node.body if isinstance(n, ast.AnnAssign)]
    text = "\n".join([ast.get_docstring(node) or "", *([""] if fields else []), *fields])
    return f"### {path.relative_to(ROOT)}\n\n```text\n{text}\n```\n"
