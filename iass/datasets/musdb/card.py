"""What the cards of the three editions of MUSDB18 share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from iass.datasets.musdb.layout import STEMS, list_published
from iass.foundation.card import Card, PublishedSong, Split


@dataclass(frozen=True)
class MusdbCard(Card):
    """150 songs of four stems, official splits, scored jointly; its terms are to be accepted."""

    licence = (
        "A licence per song (102 restricted, 48 CC BY-NC-SA): academic use only, no "
        "redistribution of the restricted songs; no public page plays any of them here."
    )
    needs_consent = True
    targets = {name: (name,) for name in STEMS}
    splits: ClassVar[tuple[Split, ...]] = ("train", "valid", "test")
    protocol = "joint"

    def list_songs(self) -> Sequence[PublishedSong]:
        """Return the 150 songs."""
        return list_published()
