"""Who plays a song and what it is called, spelled alike wherever it is published."""

import re
import unicodedata
from functools import cache
from typing import Protocol

from iass.datasets.facts import read_facts

_FEATURING = re.compile(r"\s+[(\[]?(?:feat|ft|featuring)\b.*", re.IGNORECASE)
_BRACKETS = re.compile(r"\([^)]*\)|\[[^\]]*\]")
_ARTICLE = re.compile(r"^(?:[Tt][Hh][Ee]\s+|The(?=[A-Z]))")  # also in names such as TheLongWait
_MIX_RESCUE = re.compile(r"MR\d{4}_")  # ids of Mixing Secrets that hold no title: MR1210_JamesMay
_DIACRITICS = range(0x300, 0x370)  # the Unicode block of combining marks on Latin and Greek


class Named(Protocol):
    """Anything that is a song: of the metadata, of a manifest, of a published list."""

    @property
    def id(self) -> str:
        """Track id."""

    @property
    def artist(self) -> str:
        """Artist as published."""

    @property
    def title(self) -> str:
        """Title as published."""


def resolve_artist(song: Named) -> str:
    """Return a key that two songs share if one artist plays both, as far as is known.

    Featured guests and a leading "The" do not count; facts/artist_aliases.csv joins other names,
    facts/song_names.csv has the artists of ids such as MR1210_JamesMay.
    """
    known = _read_names().get(song.id)
    unknown = song.title if _MIX_RESCUE.match(song.id) else song.artist
    key = normalise_artist(known["artist"] if known else unknown)
    return _read_aliases().get(key, key)


def resolve_title(song: Named) -> str | None:
    """Return a key of the title; None where the id hides it, as in MR1210_JamesMay."""
    known = _read_names().get(song.id)
    if known:
        return normalise_title(known["title"])
    return None if _MIX_RESCUE.match(song.id) else normalise_title(song.title)


def normalise_artist(name: str) -> str:
    """Return the artist's name without guests, "The", case, accents, spaces and punctuation."""
    alone = _FEATURING.sub("", _drop_brackets(name)).strip()
    return _fold(_ARTICLE.sub("", alone))


def normalise_title(title: str) -> str:
    """Return a title without brackets, guests, case, accents, spaces and punctuation."""
    return _fold(_FEATURING.sub("", _drop_brackets(title)))


def _drop_brackets(name: str) -> str:
    return _BRACKETS.sub(" ", name).strip() or name


def _fold(name: str) -> str:
    folded = unicodedata.normalize("NFKD", name).casefold()
    letters = [c for c in folded if ord(c) not in _DIACRITICS]
    kept = "".join(c for c in letters if unicodedata.category(c)[0] in "LMN")
    return kept or "".join(folded.split())  # a name made of signs keeps them


@cache
def _read_aliases() -> dict[str, str]:
    rows = read_facts("artist_aliases")
    return {normalise_artist(row["alias"]): normalise_artist(row["artist"]) for row in rows}


@cache
def _read_names() -> dict[str, dict[str, str]]:
    return {row["track"]: row for row in read_facts("song_names")}
