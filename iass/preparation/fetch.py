"""The step `fetch`: a data set's archives come onto the disk, once its licence is accepted."""

from collections.abc import Sequence
from pathlib import Path

from iass.foundation.card import Card, Tools
from iass.foundation.config import DatasetEntry
from iass.foundation.errors import UserError
from iass.foundation.files import write_json
from iass.foundation.plugins import load_card


def fetch_dataset(
    name: str, entry: DatasetEntry, tools: Tools, accepted: Sequence[str], receipt: Path
) -> None:
    """Download what the data set `name` needs and write down what that was.

    UserError if its licence is not `accepted` (names of data sets), or says what stands in the way
    of the download.
    """
    card = load_card(name, entry)
    check_consent(name, card, accepted)
    card.fetch(tools)
    local = card.find_local()
    archives = [] if local else [archive.name for archive in card.archives]
    write_json(receipt, {"archives": archives, "local": str(local) if local else None})


def check_consent(name: str, card: Card, accepted: Sequence[str]) -> None:
    """UserError with the licence if it must be accepted first; a copy that is there needs none."""
    if card.needs_consent and name not in accepted and card.find_local() is None:
        raise UserError(
            f"{card.title} has terms: {card.licence.rstrip('.')}. If you accept them, add '{name}' "
            "to 'accept_licences' in the config, or give `iass data fetch` --accept-licence."
        )
