"""musdb18_7s: seven seconds of each of MUSDB18's songs, for a first look."""

from dataclasses import dataclass

from iass.datasets import musdb18, musdb18hq
from iass.datasets.musdb.card import MusdbCard
from iass.datasets.musdb.layout import STEMS, keep_songs, list_tracks
from iass.foundation.card import Archive, Tools, TrackFiles
from iass.foundation.footprint import Footprint, count_audio_bytes

EXCERPT_S = 7.0


@dataclass(frozen=True)
class DataSet(MusdbCard):
    """Folders train/ and test/, one per song, named "Artist - Title", with five WAV files."""

    title = "MUSDB18, 7-second excerpts"
    description = (
        "Seven seconds of each song of MUSDB18, decoded from AAC. For tests of a set-up: scores on "
        "it compare with nothing."
    )
    citation = musdb18.DataSet.citation
    access = "MUSDB18-7-WAV.zip (0.9 GB) is at https://zenodo.org/record/3270814."
    archives = (
        Archive(
            name="MUSDB18-7-WAV.zip",
            url="https://zenodo.org/record/3270814/files/MUSDB18-7-WAV.zip",
            bytes=932814752,
            checksum="sha256:a32b8d6f530ca39d75954179149611927f28367f51134b68f3e2cda963532ff6",
        ),
    )

    @property
    def footprint(self) -> Footprint:
        """Five 16-bit WAVs per excerpt, and stores of the stems."""
        return Footprint(
            unpacked=count_audio_bytes(musdb18hq.SONGS * EXCERPT_S, len(STEMS) + 1),
            stores=count_audio_bytes(musdb18hq.TRAINING_SONGS * EXCERPT_S, len(STEMS)),
        )

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """List the tracks of the archive."""
        return list_tracks(tools.unpack(self.archives[0], keep_songs))
