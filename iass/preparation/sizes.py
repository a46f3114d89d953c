"""How much data sets take: what is to be downloaded, and what then lies on the disk."""

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from iass.foundation.card import Archive, Card
from iass.preparation.records import SUFFIXES


@dataclass(frozen=True)
class Amount:
    """A number of bytes; `doubt`: 0 as published, 1 worked out, 2 a part of it is not known."""

    bytes: float = 0.0
    doubt: int = 0

    def __add__(self, other: "Amount") -> "Amount":
        return Amount(self.bytes + other.bytes, max(self.doubt, other.doubt))

    def __str__(self) -> str:
        if not self.bytes:
            return "unknown size" if self.doubt else "none"
        if not self.doubt:
            return decimal(round(self.bytes))
        return f"{'about' if self.doubt == 1 else 'at least'} {format_about(self.bytes / 1e9)} GB"


_UNKNOWN = Amount(doubt=2)


def format_about(number: float) -> str:
    """Return a number that is only about right: two digits, or what stands before the point."""
    return f"{number:.2g}" if number < 100 else f"{number:.0f}"


def describe_download(cards: Iterable[Card]) -> str:
    """Return how much is to be downloaded for data sets."""
    return str(_add(measure_disk(card)["archives"] for card in cards))


def describe_disk(cards: Sequence[Card], data_dir: Path) -> str:
    """Return how much prepared data sets take on the disk, of what, and how much is free there."""
    sizes = [measure_disk(card) for card in cards]
    amounts = {what: _add(size[what] for size in sizes) for what in sizes[0]}
    shares = ", ".join(f"{what} {amount}" for what, amount in amounts.items() if amount != Amount())
    return f"{_add(amounts.values())} ({shares}); {_describe_free(data_dir)}"


def measure_disk(card: Card) -> dict[str, Amount]:
    """Return what a prepared set takes, by what it is; a copy used in place is not counted."""
    sizes = [_measure_part(part) for part in card.parts]
    return {what: _add(size[what] for size in sizes) for what in sizes[0]}


def list_archives(files: Iterable[Archive]) -> list[Archive]:
    """Return the files that hold audio; the others are metadata, a few kilobytes each."""
    return [file for file in files if file.name.endswith(SUFFIXES)]


def _measure_part(card: Card) -> dict[str, Amount]:
    size = card.footprint
    is_copied = card.find_local() is not None
    return {
        "archives": Amount() if is_copied else _measure_archives(card),
        "unpacked": Amount() if is_copied else _estimate(size.unpacked if size else None),
        "stems": _estimate(size.built if size else None),
        "training stores": _estimate(size.stores if size else None),
    }


def _measure_archives(card: Card) -> Amount:
    """Return the archives' size as they tell it, else as the card estimates it."""
    told = [archive.bytes for archive in list_archives(card.archives)]
    known = [size for size in told if size is not None]
    if not card.archives or (told and len(known) == len(told)):
        return Amount(sum(known))
    return _estimate(card.footprint.archives if card.footprint else None)


def _estimate(size: float | None) -> Amount:
    if size is None:
        return _UNKNOWN
    return Amount(size, doubt=1) if size else Amount()


def _add(amounts: Iterable[Amount]) -> Amount:
    return sum(amounts, Amount())


def _describe_free(folder: Path) -> str:
    there = next(place for place in (folder, *folder.resolve().parents) if place.is_dir())
    return f"{decimal(shutil.disk_usage(there).free)} free in {folder}"
