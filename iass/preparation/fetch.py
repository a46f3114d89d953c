"""The step `fetch`: a data set's archives come onto the disk, once its licence is accepted."""

from collections.abc import Sequence
from pathlib import Path

from iass.foundation.card import Card
from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.foundation.files import write_json
from iass.foundation.plugins import load_card
from iass.preparation.checksums import confirm_checksum
from iass.preparation.tools import PreparationTools


def fetch_dataset(
    name: str,
    entry: DatasetEntry,
    tools: PreparationTools,
    accepted: Sequence[str],
    receipt: Path,
) -> None:
    """Download what the data set `name` needs; write down the files and the copies used in place.

    UserError if its licence is not `accepted` (names of data sets), or says what stands in the way
    of the download.
    """
    card = load_card(name, entry)
    check_consent(name, card, accepted)
    card.fetch(tools)
    files = {name: confirm_checksum(tools.archives / name) for name in tools.fetched}
    copies = {part.local_variable: str(part.find_local()) for part in _list_copied(card)}
    write_json(receipt, {"files": files, "copies": copies})


def check_consent(name: str, card: Card, accepted: Sequence[str]) -> None:
    """UserError with the licence if it must be accepted first; a copy that is there needs none."""
    is_copied = len(_list_copied(card)) == len(card.parts)
    if card.needs_consent and name not in accepted and not is_copied:
        raise UserError(
            f"{card.title} has terms: {card.licence.rstrip('.')}. If you accept them, add '{name}' "
            "to 'accept_licences' in the config, or give `iass data fetch` --accept-licence."
        )


def _list_copied(card: Card) -> list[Card]:
    """Return the parts of a data set of which a copy is used in place."""
    return [part for part in card.parts if part.find_local() is not None]
