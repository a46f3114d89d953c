"""Trained models as an entry of the config has them: its own, or another method's made to vary."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from iass.foundation.config import MethodEntry
from iass.foundation.method import Trained


def load_trained(
    method: Trained, entry: MethodEntry, folders: Mapping[str, Path]
) -> dict[str, Any]:
    """Return the model of each target's folder, with the entry's options if it is `weights_of`."""
    models = {target: method.load(folder) for target, folder in folders.items()}
    if entry.weights_of is None:
        return models
    return {target: method.vary(model, entry.options) for target, model in models.items()}
