"""musdb18: the 150 songs of MUSDB18 in its first edition, compressed; for older results."""

from dataclasses import dataclass

from iass.datasets import musdb18hq
from iass.datasets.musdb.card import MusdbCard
from iass.datasets.musdb.layout import STEMS
from iass.datasets.musdb.stems import decode_tracks, keep_stem_files
from iass.foundation.card import Archive, Tools, TrackFiles
from iass.foundation.footprint import Footprint, count_audio_bytes


@dataclass(frozen=True)
class DataSet(MusdbCard):
    """Folders train/ (100) and test/ (50), one .stem.mp4 per song with five AAC streams."""

    title = "MUSDB18"
    description = (
        "The songs of MUSDB18-HQ as AAC at 44.1 kHz, so that the mixture is not the sum of the "
        "stems; band-limited at 16 kHz. For comparison with results of 2018 and before."
    )
    citation = (
        "Rafii, Liutkus, Stöter, Mimilakis, Bittner: The MUSDB18 corpus for music separation, "
        "2017, doi 10.5281/zenodo.1117372."
    )
    access = "musdb18.zip (4.7 GB) is at https://zenodo.org/record/1117372."
    local_variable = "MUSDB_PATH"
    archives = (
        Archive(
            name="musdb18.zip",
            url="https://zenodo.org/record/1117372/files/musdb18.zip",
            bytes=4684228845,
            checksum="md5:af06762477334799bfc5abf237648207",
        ),
    )

    @property
    def footprint(self) -> Footprint:
        """The archive once more, unpacked; five 16-bit WAVs per song; stores of the stems."""
        return Footprint(
            unpacked=4.7e9,
            built=count_audio_bytes(musdb18hq.SONGS * musdb18hq.MEAN_S, len(STEMS) + 1),
            stores=count_audio_bytes(musdb18hq.TRAINING_SONGS * musdb18hq.MEAN_S, len(STEMS)),
        )

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Decode the files of MUSDB_PATH, or of the archive, to 16-bit WAVs."""
        root = self.find_local() or tools.unpack(self.archives[0], keep_stem_files)
        return decode_tracks(root, tools)
