"""What data sets there are, what they cost, what is on the disk of them, what their terms are."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from iass.foundation.card import Card
from iass.foundation.config import DatasetEntry, load_config
from iass.foundation.errors import UserError
from iass.foundation.plugins import list_datasets, load_card
from iass.preparation.costs import describe_costs
from iass.preparation.sizes import describe_disk, describe_download, list_archives
from iass.preparation.tools import CHECKSUMS

SOURCES = "docs/COSTS.md tells what these figures are from."


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


def describe_catalogue(data_dir: Path, config: Path | None = None) -> str:
    """Return a paragraph per data set: title, sizes, what is there, access, licence, citation.

    With a config: of its own data sets, and then a paragraph on what each experiment costs.
    """
    if config is None:
        cards = {name: find_card(name) for name in list_datasets()}
        return "\n\n".join(_describe_cards(cards, data_dir))
    parsed = load_config(config)
    cards = {name: load_card(name, entry) for name, entry in parsed.datasets.items()}
    costs = describe_costs(parsed, cards, data_dir)
    return "\n\n".join([*_describe_cards(cards, data_dir), *costs, SOURCES])


def _describe_cards(cards: Mapping[str, Card], data_dir: Path) -> Iterator[str]:
    return ("\n  ".join(_describe_card(name, cards[name], data_dir)) for name in cards)


def _describe_card(name: str, card: Card, data_dir: Path) -> Iterator[str]:
    yield f"{name}: {card.title}"
    yield card.description
    yield f"Download: {'; '.join([_describe_files(card, data_dir), *_describe_copies(card)])}"
    yield f"Disk: {describe_disk([card], data_dir)}"
    yield f"Access: {card.access}"
    yield f"Licence{' (to be accepted)' if card.needs_consent else ''}: {card.licence}"
    yield f"Cite: {card.citation}"


def _describe_files(card: Card, data_dir: Path) -> str:
    """Return what there is to download and how much of it is here."""
    files = [file for part in card.parts if not part.find_local() for file in part.archives]
    if not files:
        return "nothing"
    archives, metadata = list_archives(files), len(files) - len(list_archives(files))
    count = f"{len(archives)} archive{'s' if len(archives) > 1 else ''}"
    names = [count if archives else "archives that only those with access see"]
    names += [f"{metadata} metadata files"] if metadata else []
    here = sum((data_dir / "archives" / file.name).is_file() for file in files)
    return f"{' and '.join(names)}, {describe_download([card])}; {here} of them here"


def _describe_copies(card: Card) -> Iterator[str]:
    for part in card.parts:
        local = part.find_local()
        if local:
            yield f"a copy is used in place: {part.local_variable}={local}"
        elif part.local_variable:
            yield f"{part.local_variable} may name a copy of yours"
