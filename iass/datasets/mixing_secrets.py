"""mixing_secrets: 258 multitrack songs, the other half of the paper's second set."""

from dataclasses import dataclass

from iass.foundation.card import Archive, Card, Tools, TrackFiles
from iass.foundation.errors import UserError

METADATA_COMMIT = "0781bc32bcd246898b5fa1646e8b1828ae8be631"  # of SiddGururani/mixing_secrets
TARGETS = ("vocals", "drums", "bass", "electric_guitar", "acoustic_guitar", "piano")


@dataclass(frozen=True)
class DataSet(Card):
    """One zip of raw tracks per song; a stem is the mean of the raw tracks of its group, mono.

    Songs that contain the instrument, and those of them without bleed, counted from the metadata:
    bass 189 and 159, drums 229 and 201, vocals 197 and 170, electric guitar 165 and 145,
    acoustic guitar 72 and 65, piano 74 and 58.
    """

    title = "Mixing Secrets"
    description = (
        "258 songs of raw tracks, 24 or 16 bits and mostly 44.1 kHz, with 230 free-form instrument "
        "labels. No mixture is published: it is the sum of the stems. Six songs have no multitrack."
    )
    citation = (
        "Gururani, Lerch: Mixing Secrets, a multi-track dataset for instrument recognition in "
        "polyphonic music, ISMIR late-breaking demo 2017."
    )
    licence = (
        "Audio for educational purposes only: no redistribution; the metadata have no licence file "
        "and are fetched, not shipped."
    )
    access = (
        "Download each song's multitrack zip from https://www.cambridge-mt.com/ms/mtk/ "
        "(444 zips, 208 GB in all, no checksums published)."
    )
    archives = (
        Archive(
            name="metadata",
            url=f"https://github.com/SiddGururani/mixing_secrets/archive/{METADATA_COMMIT}.zip",
        ),
    )  # the zips of the songs have moved between hosts: a song is mapped to its zip by name
    targets = {name: (name,) for name in TARGETS}  # a stem per target, summed by its labels
    splits = ("train", "valid", "test")
    protocol = "per_target"

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Not in this version: UserError says where the set is to be had."""
        raise UserError(
            "mixing_secrets cannot be prepared by this version yet: a later release will fetch the "
            "multitrack zips (208 GB) listed at https://www.cambridge-mt.com/ms/mtk/; until then "
            "run the default config."
        )
