"""The method that separates a person's song: the newest trained models, or published weights."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from iass.foundation.audio import Channels
from iass.foundation.config import MethodEntry
from iass.foundation.errors import UserError
from iass.foundation.files import read_json
from iass.foundation.method import BaseMethod, Pretrained, Trained
from iass.foundation.plugins import load_method
from iass.models.saved import FACTS
from iass.plan.entry import find_entry
from iass.preparation.weights import locate_weights
from iass.separation.trained import load_trained

PRETRAINED_HZ = 44100  # rate of the music that published weights have learned


@dataclass(frozen=True)
class Chosen:
    """A method with its models loaded. `channels` is what they learned, where that is known."""

    name: str
    method: BaseMethod
    models: Mapping[str, Any]
    targets: Sequence[str]
    rate_hz: int
    channels: Channels | None
    origin: str


class _Provenance(BaseModel):
    method: str


class _Card(BaseModel):
    """What a model.json says that is needed to use the model."""

    target: str
    channels: Channels
    rate_hz: int
    provenance: _Provenance


@dataclass(frozen=True)
class ModelSet:
    """Models of one method, training set and seed: a folder per target."""

    method: str
    channels: Channels
    rate_hz: int
    folders: Mapping[str, Path]

    def __str__(self) -> str:
        """Return where they lie, as .../<method>/*/<seed>."""
        method, seed = _family(next(iter(self.folders.values())))
        return f"{method}/*/{seed}"


def choose_method(
    name: str | None,
    root: Path,
    targets: Sequence[str],
    config: Path | None,
    data_dir: Path,
    options: Sequence[str] = (),
) -> Chosen:
    """Load the trained models at or below `root` that are newest, of the method `name` if given.

    A `name` of published weights takes those in `data_dir`, with `options` as release=umxl. No
    `targets` means all that there are. UserError if there is no such method, model or target.
    """
    name = name or find_models(root).method
    entry = find_entry(name, options, config)
    method = load_method(name, entry)
    if isinstance(method, Pretrained):
        return _load_weights(name, method, targets, data_dir)
    if not isinstance(method, Trained):
        raise UserError(
            f"{name} is of kind `{method.kind}`; only `trained` and `pretrained` methods separate "
            "a song of your own."
        )
    if options:
        raise UserError(
            f"{name} keeps the options that it was trained with; --option is for published "
            "weights, and a config makes variants (weights_of)."
        )
    return _load_trained(name, method, entry, find_models(root, entry.weights_of or name), targets)


def find_models(root: Path, name: str | None = None) -> ModelSet:
    """Return the newest model at or below `root`, of the method `name` if given, with its fellows.

    Those are of the same method, training set, channels and seed, and of other targets. UserError
    if there is none.
    """
    cards = {path.parent: _read_card(path) for path in sorted(root.rglob(FACTS))}
    if not cards:
        raise UserError(
            f"There is no trained model in {root}; `make demo` trains small ones in minutes, "
            "--model says where others lie, and `iass weights umx` gets published ones for "
            "--method umx."
        )
    wanted = [f for f, card in cards.items() if name in (None, card.provenance.method)]
    if not wanted:
        known = ", ".join(sorted({card.provenance.method for card in cards.values()}))
        raise UserError(f"There is no trained model of '{name}' in {root}, but of: {known}.")
    newest = max(wanted, key=lambda folder: (folder / FACTS).stat().st_mtime_ns)
    fellows = [folder for folder in wanted if _family(folder) == _family(newest)]
    card = cards[newest]
    folders = {cards[folder].target: folder for folder in fellows}
    return ModelSet(card.provenance.method, card.channels, card.rate_hz, folders)


def _family(folder: Path) -> tuple[Path, str]:
    """Return what .../<method>/<target>/<seed> has in common with its fellows: not the target."""
    return folder.parent.parent, folder.name


def _load_trained(
    name: str, method: Trained, entry: MethodEntry, found: ModelSet, targets: Sequence[str]
) -> Chosen:
    wanted = _choose_targets(targets, found.folders, found.method)
    return Chosen(
        name=name,
        method=method,
        models=load_trained(method, entry, {target: found.folders[target] for target in wanted}),
        targets=wanted,
        rate_hz=found.rate_hz,
        channels=found.channels,
        origin=str(found),
    )


def _load_weights(name: str, method: Pretrained, targets: Sequence[str], data_dir: Path) -> Chosen:
    wanted = _choose_targets(targets, method.targets, name)
    files = locate_weights(method, data_dir, wanted)
    folders = ", ".join(sorted({str(path.parent) for path in files.values()}))
    origin = f"{folders}. {method.licence}"
    return Chosen(name, method, method.load(files), wanted, PRETRAINED_HZ, None, origin)


def _choose_targets(targets: Sequence[str], known: Collection[str], method: str) -> Sequence[str]:
    """Return the wanted targets, or all. UserError lists those that a method has."""
    for target in targets:
        if target not in known:
            names = ", ".join(known)
            raise UserError(f"{method} has no model of '{target}'; choose among: {names}.")
    return targets or list(known)


def _read_card(path: Path) -> _Card:
    try:
        return _Card.model_validate(read_json(path))
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UserError(f"{path}: '{field}' is missing or wrong; train the model again.") from None
