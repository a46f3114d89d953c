"""The leakage guard: no model may have been trained on a song that it is scored on."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from iass.datasets.learned import list_learned
from iass.datasets.multitracks.artists import Named
from iass.datasets.multitracks.guard import Pair, refuse_overlap
from iass.datasets.multitracks.overlap import find_overlap
from iass.foundation.card import Card
from iass.foundation.errors import UserError
from iass.foundation.files import read_json, write_json
from iass.preparation.manifest import Manifest, read_manifest


class OverlapReceipt(BaseModel):
    """What the guard found: (train id, test id) of each song that is in both sets."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    allowed: bool
    pairs: list[Pair]


def check_overlap(experiment: str, train: Path, test: Path, allowed: bool, output: Path) -> None:
    """Write the songs that the manifest `train` learns from and that the manifest `test` scores.

    UserError if there are any and they are not `allowed`; all of them then lie in
    <output>_refused.json, and the receipt is not written.
    """
    learned = _list_learned(read_manifest(train))
    _check_songs(f"experiments.{experiment}", learned, test, allowed, output)


def check_weights(
    experiment: str,
    method: str,
    trained_on: Mapping[str, Sequence[str]],
    test: Path,
    allowed: bool,
    output: Path,
) -> None:
    """The same for published weights: what they learned is known by cards and splits alone."""
    where = f"experiments.{experiment}: weights of {method}"
    _check_songs(where, list_learned(trained_on), test, allowed, output)


def _check_songs(
    where: str, learned: Sequence[Named], test: Path, allowed: bool, output: Path
) -> None:
    pairs = find_overlap(learned, read_manifest(test).select("test"))
    receipt = OverlapReceipt(allowed=allowed, pairs=pairs).model_dump(mode="json")
    refused = output.with_name(f"{output.stem}_refused.json")
    if pairs and not allowed:
        write_json(refused, receipt)
        refuse_overlap(where, pairs, f"{refused} lists all")
    refused.unlink(missing_ok=True)
    write_json(output, receipt)


def compare_published(train: Card, test: Card) -> list[Pair]:
    """Return the songs that one set trains or validates on and another tests, by their lists."""
    learned = [song for song in train.list_songs() if song.split != "test"]
    return find_overlap(learned, [song for song in test.list_songs() if song.split == "test"])


def read_heard_tracks(receipt: Path) -> frozenset[str]:
    """Return the ids of the test tracks that the models were trained on. UserError if broken."""
    try:
        content = OverlapReceipt.model_validate(read_json(receipt))
    except ValidationError:
        raise UserError(f"{receipt} is not a receipt of the leakage guard; delete it.") from None
    return frozenset(test for _, test in content.pairs)


def _list_learned(manifest: Manifest) -> list[Named]:
    return [*manifest.select("train"), *manifest.select("valid")]
