"""The entry of a method that a person names on the command line: a config's, or its file's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from iass.foundation.config import MethodEntry, load_config
from iass.foundation.errors import UserError
from iass.foundation.plugins import module_file
from iass.plan.declared import check_plugin, find_kind


def find_entry(name: str, options: Sequence[str], config: Path | None) -> MethodEntry:
    """Return the entry `name` of the config, else one of baselines/<name>.py with the `options`.

    Those are words as release=umxl. UserError if there is neither, if a word or an option is wrong,
    or if there are both options and a config, which has options of its own.
    """
    parsed = dict(_parse_option(word) for word in options)
    if parsed and config:
        raise UserError(
            "--option and --configfile exclude each other; write the options into the config, "
            f"below methods.{name}."
        )
    entries = load_config(config).methods if config else {}
    return entries[name] if name in entries else _describe_file(name, parsed, config)


def _parse_option(word: str) -> tuple[str, Any]:
    name, equals, value = word.partition("=")
    try:
        parsed = yaml.safe_load(value)
    except (yaml.YAMLError, ValueError):  # ValueError: 2024-13-45 looks like a date
        equals = ""
    if not name or not equals:
        raise UserError(f"--option {word} is not of the form name=value, as: release=umxl.")
    return name, parsed


def _describe_file(name: str, options: dict[str, Any], config: Path | None) -> MethodEntry:
    module = f"baselines.{name}"
    if not module_file(module).is_file():
        others = f", and {config} defines none of that name" if config else ""
        raise UserError(
            f"There is no method baselines/{name}.py{others}; a variant that a config defines "
            f"(module:, options:) needs that config: --configfile <the config with '{name}'>."
        )
    check_plugin(name, module, "Method", options)
    return MethodEntry.model_validate({"kind": find_kind(module, "Method"), "options": options})
