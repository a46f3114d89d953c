"""Where the models of a run come from: what decides them, and the machine that trained them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iass.foundation.files import hash_file, read_json
from iass.foundation.provenance import ENVIRONMENT
from iass.preparation.weights import WeightFile

WEIGHTS, FACTS = "model.safetensors", "model.json"  # what a training writes (FitJob)
_KEPT = ("provenance", "options", "settings", "seed")  # of model.json: no curve, nothing measured


def describe_models(
    folders: Mapping[str, Path], weights: Mapping[str, WeightFile]
) -> dict[str, dict[str, Any]]:
    """Return what decides the models of a run, by target or name of the file.

    That is the sha256 and, for our own trainings, data, code, options and settings; neither dates
    nor machines.
    """
    trained = {target: _describe_model(folder) for target, folder in folders.items()}
    return trained | {name: {"sha256": file.sha256} for name, file in weights.items()}


def describe_trainings(folders: Mapping[str, Path]) -> dict[str, Any]:
    """Return when, where and with which versions each model was trained, as far as it is known."""
    files = {target: folder / ENVIRONMENT for target, folder in folders.items()}
    return {target: read_json(path) for target, path in files.items() if path.is_file()}


def _describe_model(folder: Path) -> dict[str, Any]:
    facts = read_json(folder / FACTS)
    kept = {name: facts[name] for name in _KEPT if name in facts}
    return {"sha256": hash_file(folder / WEIGHTS), **kept}
