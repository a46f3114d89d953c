"""What data sets there are, what is on the disk of them, and what their terms are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from iass.foundation.card import Card
from iass.foundation.config import DatasetEntry, load_config
from iass.foundation.errors import UserError
from iass.foundation.plugins import list_datasets, load_card
from iass.preparation.tools import CHECKSUMS


@dataclass(frozen=True)
class Places:
    """Where downloads go and come from, and the data sets whose licence is accepted."""

    data_dir: Path
    checksums: Path
    mirror: str | None
    accepted: Sequence[str]


def choose_places(
    config: Path | None, data_dir: Path | None, checksums: Path | None, mirror: str | None
) -> Places:
    """Return what was given; what was not comes from the config file, or is the usual place."""
    if config is None:
        return Places(data_dir or Path("data"), checksums or CHECKSUMS, mirror, [])
    found = load_config(config)
    return Places(
        data_dir=data_dir or Path(found.data_dir),
        checksums=checksums or Path(found.checksums),
        mirror=mirror or found.mirror,
        accepted=found.accept_licences,
    )


def configure_card(name: str, config: Path | None) -> Card:
    """Return a data set's card with the options that a config file gives it, if there is one.

    UserError if neither the config nor a card has the name.
    """
    if config is None:
        return find_card(name)
    entries = load_config(config).datasets
    if name not in entries:
        raise UserError(f"{config} has no data set '{name}'; it has {', '.join(entries)}.")
    return load_card(name, entries[name])


def find_card(name: str) -> Card:
    """Return the card of a data set by its file's name. UserError lists the known ones."""
    known = list_datasets()
    if name not in known:
        raise UserError(f"There is no data set '{name}'; choose one of {', '.join(known)}.")
    return load_card(name, DatasetEntry())


def describe_catalogue(data_dir: Path) -> str:
    """Return a paragraph per data set: title, size, what is there, access, licence, citation."""
    return "\n\n".join(
        "\n".join(_describe_card(name, find_card(name), data_dir)) for name in list_datasets()
    )


def _describe_card(name: str, card: Card, data_dir: Path) -> Iterator[str]:
    yield f"{name}: {card.title}"
    yield f"  {card.description}"
    yield f"  Download: {_describe_download(card)}; {_describe_state(card, data_dir)}"
    yield f"  Access: {card.access}"
    yield f"  Licence{' (to be accepted)' if card.needs_consent else ''}: {card.licence}"
    yield f"  Cite: {card.citation}"


def _describe_download(card: Card) -> str:
    if not card.archives:
        return "none"
    known = [archive.bytes for archive in card.archives if archive.bytes is not None]
    size = decimal(sum(known)) if known else "size not published"
    more = " and more of unknown size" if known and len(known) < len(card.archives) else ""
    return f"{len(card.archives)} file(s), {size}{more}"


def _describe_state(card: Card, data_dir: Path) -> str:
    local = card.find_local()
    if local:
        return f"a copy is used in place: {card.local_variable}={local}"
    there = [a for a in card.archives if (data_dir / "archives" / a.name).is_file()]
    hint = f"; {card.local_variable} may name a copy of yours" if card.local_variable else ""
    return f"{len(there)} of them here{hint}" if card.archives else "nothing to fetch"
