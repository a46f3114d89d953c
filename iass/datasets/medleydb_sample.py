"""medleydb_sample: the two songs of MedleyDB that everybody may have at once."""

from dataclasses import dataclass

from iass.datasets import medleydb
from iass.datasets.multitracks.card import MultitrackCard, fetch_metadata, read_metadata
from iass.datasets.multitracks.layout import find_song_folders, keep_mixes_and_stems
from iass.datasets.multitracks.sources import list_metadata
from iass.datasets.multitracks.tracks import build_tracks
from iass.datasets.splits import Assignment
from iass.foundation.card import Archive, Tools, TrackFiles
from iass.foundation.footprint import Footprint, count_audio_bytes

SONGS = ("LizNelson_Rainfall", "Phoenix_ScotchMorris")


@dataclass(frozen=True)
class DataSet(MultitrackCard):
    """MedleyDB's folders, for two songs: a first look at real multitracks. Test only."""

    title = "MedleyDB, the open sample"
    description = (
        "Two songs of MedleyDB version 1 with a mixture, stems and labels; about 0.4 GB. One sings "
        "to guitars, the other is for fiddle, guitar and others: too few to compare methods."
    )
    citation = medleydb.DataSet.citation
    licence = medleydb.DataSet.licence
    access = "MedleyDB_Sample.tar.gz is at https://zenodo.org/record/1438309, open to all."
    archives = (
        Archive(
            name="MedleyDB_Sample.tar.gz",
            url="https://zenodo.org/record/1438309/files/MedleyDB_Sample.tar.gz",
        ),
        *(list_metadata("medleydb")[track] for track in SONGS),
    )
    splits = ("test",)

    def choose_songs(self) -> list[Assignment]:
        """Return the two songs, whatever the split says of them."""
        tracks = [track for track in SONGS if track not in self.leave_out]
        return [Assignment(track, "medleydb", "test") for track in tracks]

    @property
    def footprint(self) -> Footprint:
        """The archive's size is what others found; as medleydb, without stores."""
        seconds = len(self.choose_songs()) * medleydb.MEAN_S
        return Footprint(
            archives=0.4e9,
            unpacked=count_audio_bytes(seconds, medleydb.MIX_AND_STEMS),
            built=count_audio_bytes(seconds, medleydb.BUILT_FILES),
        )

    def fetch(self, tools: Tools) -> None:
        """Download the metadata and the archive."""
        fetch_metadata(tools, "medleydb", self.choose_songs())
        tools.fetch(self.archives[:1], self.access)

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Sum the stems of the archive to a stem per target."""
        songs = read_metadata(tools, "medleydb", self.choose_songs(), self.bleed)
        root = tools.unpack(self.archives[0], keep_mixes_and_stems)
        folders = find_song_folders(root, {song.id: song.id for _, song in songs})
        return build_tracks(tools, self, medleydb.MATERIAL, songs, folders)
