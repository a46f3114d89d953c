"""mm: MedleyDB and Mixing Secrets together, 454 songs, six instruments: the paper's second set."""

from collections.abc import Sequence
from dataclasses import dataclass

from iass.datasets import medleydb, mixing_secrets
from iass.datasets.multitracks.card import MultitrackCard
from iass.datasets.splits import Assignment
from iass.foundation.card import PublishedSong, Tools, TrackFiles


@dataclass(frozen=True)
class DataSet(MultitrackCard):
    """Songs that contain the instrument, and those of them without bleed, from the metadata.

    Bass 311 and 249, drums 335 and 282, vocals 283 and 235, electric guitar 238 and 202,
    acoustic guitar 107 and 90, piano 146 and 91. versions: those of MedleyDB that you have.
    """

    versions: Sequence[str] = ("V1", "V2")

    title = "MedleyDB + Mixing Secrets"
    description = (
        "454 songs, 196 of MedleyDB and 258 of Mixing Secrets. The paper published no split. 139 "
        "of the 150 songs of MUSDB18 are in it (43 of its 50 test songs), so a model trained here "
        "has heard most of the MUSDB18 test set. MEDLEYDB_PATH and MIXING_SECRETS_PATH may name "
        "copies of yours."
    )
    citation = f"{medleydb.DataSet.citation} {mixing_secrets.DataSet.citation}"
    licence = f"{medleydb.DataSet.licence} {mixing_secrets.DataSet.licence}"
    access = f"{medleydb.DataSet.access} {mixing_secrets.DataSet.access}"
    archives = (*medleydb.DataSet.archives, *mixing_secrets.DataSet.archives)

    @property
    def parts(self) -> tuple[medleydb.DataSet, mixing_secrets.DataSet]:
        """The cards of the two sets, with this one's options."""
        options = (self.labels, self.bleed, self.split, self.leave_out, self.mixture)
        return medleydb.DataSet(*options, self.versions), mixing_secrets.DataSet(*options)

    def __post_init__(self) -> None:
        """UserError names an option's value that is none, and what it may be."""
        super().__post_init__()
        medleydb.check_versions(self.versions)

    def choose_songs(self) -> list[Assignment]:
        """Return the songs of both sets."""
        return [row for part in self.parts for row in part.choose_songs()]

    def list_songs(self) -> list[PublishedSong]:
        """Return the songs of both sets."""
        return [song for part in self.parts for song in part.list_songs()]

    def fetch(self, tools: Tools) -> None:
        """Download what is needed of both sets."""
        for part in self.parts:
            part.fetch(tools)

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Build the songs of both sets."""
        return [track for part in self.parts for track in part.prepare(tools)]
