"""Reading the cards of trained models, results/models/.../<method>/<target>/seed<k>/model.json."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ValidationError

from iass.foundation.errors import UserError
from iass.foundation.files import read_json


class Point(BaseModel):
    """One point of a learning curve; null where a loss was not computed."""

    step: int
    training_loss: float | None
    validation_loss: float | None


class _Content(BaseModel):
    target: str
    seed: int
    best_step: int
    curve: list[Point]


@dataclass(frozen=True)
class ModelCard:
    """What a report needs of a model's card. The method is named by the folder."""

    method: str
    target: str
    seed: int
    best_step: int
    curve: list[Point]


def read_cards(paths: Iterable[Path]) -> list[ModelCard]:
    """Read model cards. UserError names the file and the field that does not fit."""
    return [_read_card(path) for path in paths]


def _read_card(path: Path) -> ModelCard:
    try:
        content = _Content.model_validate(read_json(path))
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise UserError(f"{path}: '{field}' is missing or wrong; train the model again.") from None
    method = path.parents[2].name
    return ModelCard(method, content.target, content.seed, content.best_step, content.curve)
