"""musdb18_7s: seven seconds of each of MUSDB18's songs, for a first look."""

from collections.abc import Sequence
from dataclasses import dataclass

from iass.datasets import musdb18, musdb18hq
from iass.datasets.musdb.layout import STEMS, keep_songs, list_published, list_tracks
from iass.foundation.card import Archive, Card, PublishedSong, Tools, TrackFiles


@dataclass(frozen=True)
class DataSet(Card):
    """Folders train/ and test/, one per song, named "Artist - Title", with five WAV files."""

    title = "MUSDB18, 7-second excerpts"
    description = (
        "Seven seconds of each song of MUSDB18, decoded from AAC. For tests of a set-up: scores on "
        "it compare with nothing."
    )
    citation = musdb18.DataSet.citation
    licence = musdb18hq.DataSet.licence
    access = "MUSDB18-7-WAV.zip (0.9 GB) is at https://zenodo.org/record/3270814."
    needs_consent = True
    archives = (
        Archive(
            name="MUSDB18-7-WAV.zip",
            url="https://zenodo.org/record/3270814/files/MUSDB18-7-WAV.zip",
            bytes=932814752,
            checksum="sha256:a32b8d6f530ca39d75954179149611927f28367f51134b68f3e2cda963532ff6",
        ),
    )
    targets = {name: (name,) for name in STEMS}
    splits = ("train", "valid", "test")
    protocol = "joint"

    def list_songs(self) -> Sequence[PublishedSong]:
        """Return the 150 songs."""
        return list_published()

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """List the tracks of the archive."""
        return list_tracks(tools.unpack(self.archives[0], keep_songs))
