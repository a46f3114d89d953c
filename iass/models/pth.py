"""Weights that others saved with torch.save: read without running anything in them."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from iass.foundation.device import choose_device
from iass.foundation.errors import UserError
from iass.models.saved import find_misfit


def read_tensors(path: Path) -> dict[str, Tensor]:
    """Return the tensors of a .pth file by name, on the CPU.

    UserError if the file is missing or damaged, would run code, or holds anything but tensors by
    name or values that are not finite.
    """
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
    except OSError as error:
        raise UserError(f"{path} cannot be read ({error.strerror}).") from None
    except Exception as error:  # what a damaged pickle raises is not limited to a few classes
        raise UserError(
            f"{path} is no file of weights, is damaged, or holds code, which is never run "
            f"({type(error).__name__}); get it again from where it was published."
        ) from None
    if not isinstance(found, Mapping) or not all(map(_is_named_tensor, found.items())):
        raise UserError(f"{path} holds other things than tensors by name; it is no state_dict.")
    for name, tensor in found.items():
        if not torch.isfinite(tensor).all():
            raise UserError(f"{path}: '{name}' holds values that are not finite; it is damaged.")
    return dict(found)


def _is_named_tensor(item: tuple[object, object]) -> bool:
    name, value = item
    is_tensor = isinstance(value, Tensor) and value.layout == torch.strided
    return isinstance(name, str) and is_tensor


def check_layout(path: Path, found: Mapping[str, Tensor], wanted: Mapping[str, Tensor]) -> None:
    """UserError unless the same names have the same shapes: none missing, none unknown."""
    misfit = find_misfit(found, wanted)
    if misfit:
        raise UserError(f"{path} is not of the expected layout: {misfit}; is it the right file?")


def finish_network(network: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Fill `network` strictly and make it ready to separate, on the device."""
    network.load_state_dict(dict(weights))
    network.to(choose_device()).eval()
