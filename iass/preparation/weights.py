"""Published weights on the disk: where they lie, and that they are what was published."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.files import hash_file, read_json, write_json
from iass.foundation.method import Pretrained

FOLDER = "weights"  # in data_dir
_PROMISE = re.compile(
    r"[-_]([0-9a-f]{8,64})\.\w+$"
)  # as torch.hub names files: vocals-b62c91ce.pth


class WeightFile(BaseModel):
    """One file as it was when its method's weights were fetched or placed."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    path: Path
    sha256: str


class WeightsReceipt(BaseModel):
    """What a run separates with, for the eye and for `separate`."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    files: dict[str, WeightFile]
    licence: str
    citation: str


def locate_weights(
    method: Pretrained, data_dir: Path, targets: Sequence[str] | None = None
) -> dict[str, Path]:
    """Return a method's weight files, ready for its `load`: those that `targets` take, or all.

    UserError if one is missing or has not the sha256 that its name promises.
    """
    files: Mapping[str, Path] = method.list_files(data_dir / FOLDER)
    if targets is not None:
        files = method.select_files(files, targets)
    return {name: _describe(path, method.access).path for name, path in files.items()}


def write_receipt(method: Pretrained, data_dir: Path, receipt: Path) -> None:
    """Write down a method's weight files. UserError as in `locate_weights`."""
    placed = method.list_files(data_dir / FOLDER)
    files = {name: _describe(path, method.access) for name, path in placed.items()}
    found = WeightsReceipt(files=files, licence=method.licence, citation=method.citation)
    write_json(receipt, found.model_dump(mode="json"))


def read_receipt(receipt: Path) -> WeightsReceipt:
    """Return what a receipt says. UserError if it is none, or a file is gone or another now."""
    try:
        found = WeightsReceipt.model_validate(read_json(receipt))
    except ValidationError:
        raise UserError(
            f"{receipt} is not a receipt of weights; delete it and run again."
        ) from None
    for file in found.files.values():
        if not file.path.is_file() or hash_file(file.path) != file.sha256:
            raise UserError(
                f"{file.path} is gone or has changed since {receipt} was written; delete that "
                "receipt and run again."
            )
    return found


def check_promise(name: str, sha256: str) -> None:
    """UserError if a file's name ends in the beginning of a sha256 that the file does not have."""
    promised = _PROMISE.search(name)
    if promised and not sha256.startswith(promised[1]):
        raise UserError(
            f"{name} has the sha256 {sha256}, which does not begin with the {promised[1]} of its "
            "name: it is damaged or another file; delete it if it is still there, and run again."
        )


def _describe(path: Path, access: str) -> WeightFile:
    if not path.is_file():
        raise UserError(f"{path} is missing; {access}")
    sha256 = hash_file(path)
    check_promise(str(path), sha256)
    return WeightFile(path=path, sha256=sha256)
