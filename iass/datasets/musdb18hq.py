"""musdb18hq: 150 songs with four stems each, uncompressed; the paper's first set."""

from dataclasses import dataclass

from iass.datasets.musdb.card import MusdbCard
from iass.datasets.musdb.layout import STEMS, keep_songs, list_tracks
from iass.foundation.card import Archive, Tools, TrackFiles
from iass.foundation.footprint import Footprint, count_audio_bytes

MEAN_S = 236.0  # mean length of the 150 songs (sigsep.github.io/datasets)
SONGS, TRAINING_SONGS = 150, 100


@dataclass(frozen=True)
class DataSet(MusdbCard):
    """Folders train/ (100) and test/ (50), one per song, named "Artist - Title".

    Each holds mixture, vocals, drums, bass and other as .wav.
    """

    title = "MUSDB18-HQ"
    description = (
        "150 full songs, stereo at 44.1 kHz, with vocals, drums, bass and other: 86 to train, 14 "
        "to validate, 50 to test. Errata: in 'PR - Oh No' the stems do not sum to the left channel "
        "of the mixture, in 'Detsky Sad - Walkie Talkie' other leaks into drums, and the vocal "
        "stems of 22 songs carry bleed (sigsep/website, pull requests 27 and 48)."
    )
    citation = (
        "Rafii, Liutkus, Stöter, Mimilakis, Bittner: MUSDB18-HQ, an uncompressed version of "
        "MUSDB18, 2019, doi 10.5281/zenodo.3338373."
    )
    access = "musdb18hq.zip (22.7 GB) is at https://zenodo.org/record/3338373."
    local_variable = "MUSDB_PATH"
    archives = (
        Archive(
            name="musdb18hq.zip",
            url="https://zenodo.org/record/3338373/files/musdb18hq.zip",
            bytes=22656664047,  # by Zenodo's API, as users of the file report it
            checksum="sha256:baac80d0483c61d74b2e5f3be75fa557eec52898339e6aa45c1fa48833c5d21d",
        ),
    )

    @property
    def footprint(self) -> Footprint:
        """Five 16-bit WAVs per song, and stores of the stems."""
        return Footprint(
            unpacked=count_audio_bytes(SONGS * MEAN_S, len(STEMS) + 1),
            stores=count_audio_bytes(TRAINING_SONGS * MEAN_S, len(STEMS)),
        )

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """List the tracks of MUSDB_PATH, or of the archive."""
        return list_tracks(self.find_local() or tools.unpack(self.archives[0], keep_songs))
