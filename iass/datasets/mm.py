"""mm: MedleyDB and Mixing Secrets together, 454 songs, six instruments: the paper's second set."""

from dataclasses import dataclass

from iass.datasets import medleydb, mixing_secrets
from iass.foundation.card import Card, Tools, TrackFiles
from iass.foundation.errors import UserError


@dataclass(frozen=True)
class DataSet(Card):
    """Songs that contain the instrument, and those of them without bleed, from the metadata.

    Bass 311 and 249, drums 335 and 282, vocals 283 and 235, electric guitar 238 and 202,
    acoustic guitar 107 and 90, piano 146 and 91.
    """

    title = "MedleyDB + Mixing Secrets"
    description = (
        "454 songs, 196 of MedleyDB and 258 of Mixing Secrets. The paper published no split. 139 "
        "of the 150 songs of MUSDB18 are in it (43 of its 50 test songs), so a model trained here "
        "has heard most of the MUSDB18 test set."
    )
    citation = f"{medleydb.DataSet.citation} {mixing_secrets.DataSet.citation}"
    licence = f"{medleydb.DataSet.licence} {mixing_secrets.DataSet.licence}"
    access = f"{medleydb.DataSet.access} {mixing_secrets.DataSet.access}"
    archives = (*medleydb.DataSet.archives, *mixing_secrets.DataSet.archives)
    targets = mixing_secrets.DataSet.targets
    splits = ("train", "valid", "test")
    protocol = "per_target"

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Not in this version: UserError says where the two sets are to be had."""
        raise UserError(
            "mm cannot be prepared by this version yet: a later release will do it; its audio is "
            "that of medleydb (ask for access at https://zenodo.org/record/1649325 and "
            "https://zenodo.org/record/1715175) and of mixing_secrets "
            "(https://www.cambridge-mt.com/ms/mtk/), so run the default config until then."
        )
