"""medleydb: 196 multitrack songs with labels, one half of the paper's second set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from iass.datasets.facts import read_facts
from iass.datasets.multitracks.card import (
    MultitrackCard,
    check_choice,
    fetch_metadata,
    read_metadata,
)
from iass.datasets.multitracks.layout import (
    find_song_folders,
    keep_mixes_and_stems,
    merge_folders,
)
from iass.datasets.multitracks.sources import list_metadata
from iass.datasets.multitracks.tracks import Material, build_tracks
from iass.datasets.splits import Assignment
from iass.foundation.card import Record, Tools, TrackFiles
from iass.foundation.footprint import Footprint, count_audio_bytes

RECORDS = {
    "V1": Record(
        url="https://zenodo.org/api/records/1649325",
        folder="medleydb-v1",
        token_variable="ZENODO_TOKEN",
        mirrored=("MedleyDB_V1.tar.gz",),
    ),
    "V2": Record(
        url="https://zenodo.org/api/records/1715175",
        folder="medleydb-v2",
        token_variable="ZENODO_TOKEN",
        mirrored=("MedleyDB_V2.tar.gz",),
    ),
}
VERSIONS = {row["track"]: row["version"] for row in read_facts("medleydb_versions")}
MATERIAL = Material("medleydb", has_stems=True, licence="CC BY-NC-SA")

MEAN_S = 206.0  # of 63 songs (sigsep.github.io/datasets)
MIX_AND_STEMS, BUILT_FILES, STORED_STEMS = 7.6, 1.1, 2.4  # per song, counted from the metadata


@dataclass(frozen=True)
class DataSet(MultitrackCard):
    """Versions 1 (122 songs) and 2 (74 songs): folders T with T_MIX.wav and T_STEMS/T_STEM_01.wav.

    Songs that contain the instrument, and those of them without bleed, counted from the metadata:
    bass 122 and 90, drums 106 and 81, vocals 86 and 65, electric guitar 73 and 57,
    acoustic guitar 35 and 25, piano 72 and 33. versions: those that you have access to.
    """

    versions: Sequence[str] = ("V1", "V2")

    title = "MedleyDB"
    description = (
        "196 songs at 44.1 kHz with a mixture, stems and instrument labels. The mixture is not the "
        "plain sum of the stems; bleed is flagged per song, and two stems that hold it in songs "
        "not flagged so have the flag erratum:<target>. 46 songs of MUSDB18 come from here. The "
        "files above are the metadata; which archives hold the audio, only those see who have "
        "access."
    )
    citation = (
        "Bittner, Salamon, Tierney, Mauch, Cannam, Bello: MedleyDB, a multitrack dataset for "
        "annotation-intensive MIR research, ISMIR 2014."
    )
    licence = (
        "Audio CC BY-NC-SA: no commercial use, changed versions under the same terms; access is "
        "granted to persons, so that no public page plays it here; metadata MIT."
    )
    access = (
        "Ask for access at https://zenodo.org/record/1649325 (version 1) and "
        "https://zenodo.org/record/1715175 (version 2); it is granted per request and can take "
        "months. Two songs are open: the data set medleydb_sample."
    )
    local_variable = "MEDLEYDB_PATH"
    archives = tuple(list_metadata("medleydb").values())

    def __post_init__(self) -> None:
        """UserError names an option's value that is none, and what it may be."""
        super().__post_init__()
        check_versions(self.versions)

    def choose_songs(self) -> list[Assignment]:
        """Return the songs of the versions in the split."""
        return [row for row in self.choose_of("medleydb") if VERSIONS[row.track] in self.versions]

    @property
    def footprint(self) -> Footprint:
        """What the archives hold besides is not unpacked; how large they are is not published."""
        seconds = len(self.choose_songs()) * MEAN_S
        return Footprint(
            unpacked=count_audio_bytes(seconds, MIX_AND_STEMS),
            built=count_audio_bytes(seconds, BUILT_FILES),
            stores=count_audio_bytes(seconds, STORED_STEMS),
        )

    def fetch(self, tools: Tools) -> None:
        """Download the metadata and, where no local copy is used, the audio."""
        fetch_metadata(tools, "medleydb", self.choose_songs())
        if self.find_local() is None:
            for version in self.versions:
                tools.fetch_record(RECORDS[version], self.access)

    def prepare(self, tools: Tools) -> list[TrackFiles]:
        """Sum the stems of MEDLEYDB_PATH, or of the archives, to a stem per target."""
        songs = read_metadata(tools, "medleydb", self.choose_songs(), self.bleed)
        names = {song.id: song.id for _, song in songs}
        folders = merge_folders(find_song_folders(root, names) for root in self._find_roots(tools))
        return build_tracks(tools, self, MATERIAL, songs, folders)

    def _find_roots(self, tools: Tools) -> list[Path]:
        local = self.find_local()
        if local:
            return [local]
        records = [tools.list_record(RECORDS[version]) for version in self.versions]
        return [f for archives in records for f in tools.unpack_all(archives, keep_mixes_and_stems)]


def check_versions(versions: Sequence[str]) -> None:
    """UserError names a version that there is not."""
    for version in versions:
        check_choice("versions", version, tuple(RECORDS))
