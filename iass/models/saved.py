"""How a trained network lies on disk: model.safetensors with model.json beside it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn

from iass.foundation.audio import Channels
from iass.foundation.device import choose_device
from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_bytes, write_json

WEIGHTS = "model.safetensors"
FACTS = "model.json"


def save_model(folder: Path, weights: Mapping[str, Tensor], facts: Mapping[str, Any]) -> None:
    """Write the weights, then the facts, both atomically; equal models give equal bytes."""
    tensors = {name: weights[name].detach().cpu().contiguous() for name in sorted(weights)}
    write_bytes(folder / WEIGHTS, save(tensors))
    write_json(folder / FACTS, dict(facts))


@dataclass(frozen=True)
class Facts:
    """What it takes to rebuild a network: from model.json."""

    options: dict[str, Any]
    rate_hz: int
    channels: Channels


def read_facts(folder: Path, known: Collection[str]) -> Facts:
    """Read model.json; UserError names it if something is missing or an option is not `known`."""
    path = folder / FACTS
    try:
        facts = TypeAdapter(Facts).validate_python(read_json(path))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"]) or "its content"
        raise UserError(f"{path}: {field} is wrong: {first['msg']}; train again.") from None
    for option in facts.options.keys() - set(known):
        raise UserError(f"{path}: the method no longer has the option '{option}'; train again.")
    return facts


def check_rate(rate_hz: int, trained_hz: int) -> None:
    """UserError if a mixture's sample rate is not the one that the model was trained at."""
    if rate_hz != trained_hz:
        raise UserError(
            f"The mixture has {rate_hz} Hz, but the model was trained at {trained_hz} Hz; resample "
            "the mixture."
        )


def load_weights(folder: Path, network: nn.Module) -> None:
    """Fill `network` from model.safetensors and make it ready to separate, on the device.

    Every tensor must be there, and nothing else: UserError names the file and what does not fit.
    """
    path = folder / WEIGHTS
    try:
        weights = load_file(path)
    except (OSError, SafetensorError) as error:
        raise UserError(f"{path} cannot be read ({error}); train the model again.") from None
    misfit = find_misfit(weights, network.state_dict())
    if misfit:
        raise UserError(f"{path} does not fit its {FACTS}: {misfit}; train the model again.")
    network.load_state_dict(weights)
    network.to(choose_device()).eval()


def find_misfit(found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> str:
    """Return what is missing, unknown or of another shape among named tensors; "" for nothing."""
    for name in sorted(wanted.keys() - found.keys()):
        return f"'{name}' is missing"
    for name in sorted(found.keys() - wanted.keys()):
        return f"'{name}' is unknown"
    for name in sorted(wanted):
        if found[name].shape != wanted[name].shape:
            return f"'{name}' is {list(found[name].shape)}, not {list(wanted[name].shape)}"
    return ""
